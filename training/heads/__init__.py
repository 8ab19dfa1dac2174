"""What labelled defects add to a detector of good parts: small heads on the numbers that a frozen network gives."""
