"""Coordinate → frame: taps, pure, and the samplers that weigh pictures by them."""
