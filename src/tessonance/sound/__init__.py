"""Files, features and tempo: one arithmetic for file and live."""
