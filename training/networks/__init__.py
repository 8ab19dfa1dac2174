"""Small architectures in plain PyTorch (extra `torch`), each of which `lepton convert` brings to int8."""
