"""Songs played on a tesseract before the doors open: is the show smooth, does it move with them, what mapping would."""
