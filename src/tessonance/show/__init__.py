"""Clock, player and what is drawn over the picture."""
