"""Other faces of the same state: Home Assistant, Sparkplug B, a unified namespace.

Each face is a pure translation of what devices say into messages, and a runner with a connection of its own carries
them. Nothing here stores, acknowledges or may hold up an alert: with all faces broken the ingest does what it did.
"""
