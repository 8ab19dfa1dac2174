"""What hears the devices: a broker's messages in, judged, stored in batches, acknowledged."""
