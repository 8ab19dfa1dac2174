"""From a window of samples to a model's inputs, by the manifest's rules and no others. Pure."""
