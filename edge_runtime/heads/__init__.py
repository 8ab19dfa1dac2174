"""From a network's raw outputs to boxes and maps of classes, as the manifest's head says; pure numpy."""
