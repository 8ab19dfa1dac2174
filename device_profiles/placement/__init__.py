"""What an accelerator would make of a network: which operators run on it, which fall back, and why.

The rules are data (`device_profiles/delegates/*.toml`); here they meet operators, whoever read them from a file: the
converter asks before a board is bought, the firmware tools before they write C.
"""

from device_profiles.placement.check import check_delegate
from device_profiles.placement.fate import DelegateReport, OperatorFate
from device_profiles.placement.node import Node, Value

__all__ = ["DelegateReport", "Node", "OperatorFate", "Value", "check_delegate"]
