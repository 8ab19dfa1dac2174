"""A model file or bundle as operators, whatever its form, and the reports of every accelerator that reads that form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.delegates.tflite_nodes import tflite_nodes
from converters.tflite import read_tflite
from device_profiles.placement import check_delegate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device_profiles.delegate import Delegate, Form
    from device_profiles.placement import DelegateReport
    from device_profiles.placement.node import Node


def read_nodes(content: bytes, form: Form, *, input_size: tuple[int, int] | None = None) -> tuple[Node, ...]:
    """The operators of a model file.

    Args:
        content: the file's bytes.
        form: what they are.
        input_size: height and width in pixels, where an ONNX model leaves them open.

    Raises:
        BadInputError: the file is damaged, or holds what cannot be read.
    """
    if form == "tflite":
        return tflite_nodes(read_tflite(content))
    from converters.delegates.onnx_nodes import onnx_nodes  # noqa: PLC0415 - the whole of lowering, for ONNX alone

    return onnx_nodes(content, input_size)


def delegate_reports(content: bytes, form: Form, delegates: Sequence[Delegate]) -> tuple[DelegateReport, ...]:
    """What each of several accelerators makes of a model made here; those that do not read its form are left out."""
    fitting = [delegate for delegate in delegates if form in delegate.rules]
    if not fitting:
        return ()
    if form == "tflite":
        nodes = tflite_nodes(read_tflite(content))
    else:
        from converters.delegates.onnx_nodes import own_onnx_nodes  # noqa: PLC0415 - as above

        nodes = own_onnx_nodes(content)
    return tuple(check_delegate(delegate, form, nodes) for delegate in fitting)
