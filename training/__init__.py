"""From photographs of parts to a float model: datasets, features, the good-only detector, its threshold."""
