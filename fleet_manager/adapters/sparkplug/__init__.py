"""Sparkplug B 3.0: the manager as an edge node, our devices as its devices."""
