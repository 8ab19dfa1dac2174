"""Float model to int8 bundle: read, calibrate, quantise, verify, pack and report, in run order."""
