"""What people ask of devices: written down before it is sent by a connection of its own, then answered or timed out."""
