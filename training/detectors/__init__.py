"""Detectors that learn from good parts: features, what is normal in them, and where the line is drawn."""
