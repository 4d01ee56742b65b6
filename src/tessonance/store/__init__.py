"""The tesseract on disk: the only room that knows bytes, offsets and the operating system's file calls."""
