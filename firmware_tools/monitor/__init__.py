"""Looking at the line: what a microcontroller says, frame by frame, now or out of a recording."""
