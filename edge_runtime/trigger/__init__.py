"""What calls for an inspection: every picture, the passing of time, or a part that stands on the line."""
