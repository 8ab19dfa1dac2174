"""The microcontroller beside the board: its images, its flashing, its models and what it says over a serial line."""
