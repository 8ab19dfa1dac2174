"""What happens to the camera's bytes before the network, folded into the network where that is exact."""
