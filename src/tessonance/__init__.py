"""Let music play a tesseract: an N-dimensional grid of pictures that a neural network painted beforehand."""
