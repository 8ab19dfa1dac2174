"""What the daemon watches of its surroundings and of itself, beside the inspection: board, flash, scores, pace."""
