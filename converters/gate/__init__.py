"""The gate: the finished artefact beside the float model, and what it may lose."""
