"""Finished pictures: where they are, which axes their names tell of, and which cell each belongs to."""
