"""What accelerators would make of a model file: it is read here, `device_profiles.placement` knows the rules."""

from converters.delegates.model import delegate_reports, read_nodes

__all__ = ["delegate_reports", "read_nodes"]
