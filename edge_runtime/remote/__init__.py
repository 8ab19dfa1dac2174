"""Configurations from the manager: verified, tried, proven or rolled back, and remembered over restarts."""
