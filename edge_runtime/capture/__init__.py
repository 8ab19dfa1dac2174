"""Sources of pictures and windows: one file each, one Protocol, one table (`source.py`)."""
