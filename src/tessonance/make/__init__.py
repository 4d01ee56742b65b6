"""Which cells, in which order, on which machines; resume."""
