"""Sources of pictures: one file each, one Protocol, one table (`source.py`)."""
