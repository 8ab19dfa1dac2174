"""Training pictures taken through the station's own camera, region and trigger, as the daemon will see its parts."""
