"""Zeros in the weights: counted honestly, and taken out where whole channels are dead."""
