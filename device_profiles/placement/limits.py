"""Whether an operator keeps to the limits of an accelerator's rule: one small check for each limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from device_profiles.placement.input_limits import INPUT_CHECKS
from device_profiles.placement.operation_limits import OPERATION_CHECKS
from device_profiles.placement.tensor_limits import TENSOR_CHECKS
from device_profiles.placement.unread import Unread

if TYPE_CHECKING:
    from device_profiles.delegate_limits import Limits
    from device_profiles.placement.node import Node


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that an operator does not keep to.

    reason: `wanted …, found …`. is_unread: the file does not tell whether it keeps to it, so nobody can say.
    """

    reason: str
    is_unread: bool = False


def broken_limit(limits: Limits, node: Node) -> Broken | None:
    """The first limit that an operator surely breaks, else the first that cannot be judged; None where it keeps all."""
    unread: Broken | None = None
    for check in (*TENSOR_CHECKS, *INPUT_CHECKS, *OPERATION_CHECKS):
        try:
            reason = check(limits, node)
        except Unread as missing:
            unread = unread or Broken(str(missing), is_unread=True)
            continue
        if reason is not None:
            return Broken(reason)
    return unread
