"""What other programs and controllers have to say, and what they are told."""
