"""What an accelerator would make of a network: which operators run on it, which fall back, and why.

The rules are data (`device_profiles/delegates/*.toml`); here they meet a TFLite or ONNX file.
"""

from converters.delegates.check import check_delegate
from converters.delegates.fate import DelegateReport, OperatorFate
from converters.delegates.model import delegate_reports, read_nodes

__all__ = ["DelegateReport", "OperatorFate", "check_delegate", "delegate_reports", "read_nodes"]
