"""`lepton doctor`: whether this board can do what its station file asks of it; one file per check."""
