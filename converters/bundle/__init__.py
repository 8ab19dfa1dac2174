"""Bundles: packed, taken apart, and held against one another."""
