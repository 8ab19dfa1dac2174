"""Typical inputs: read from what a user gives, and held against one another."""
