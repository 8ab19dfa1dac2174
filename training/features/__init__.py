"""What a detector sees with: a graph from camera bytes to numbers per place, from Gabor layers or a cut classifier."""
