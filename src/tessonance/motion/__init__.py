"""Features → coordinate, on the hop clock. Pure."""
