"""Home Assistant's device discovery: one retained document per device, which points to the device's own topics."""
