"""What a link that did not come about teaches about the MQTT version to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.uplink.mqtt_link import ClosedSilently, ProtocolRefused, Unanswered

if TYPE_CHECKING:
    from edge_contracts.reconnect import ProtocolChoice
    from edge_runtime.uplink.mqtt_link import LinkLost


def version_lesson(choice: ProtocolChoice, error: LinkLost) -> str:
    """Let the choice learn from the error.

    Returns:
        What to do, to be said behind the error, where the version may be the reason and only one may be offered; else
        empty.
    """
    if isinstance(error, ProtocolRefused):
        choice.refused()
    elif isinstance(error, ClosedSilently):
        choice.closed_silently()
    elif isinstance(error, Unanswered):
        choice.unanswered()
    else:
        return ""
    return choice.advice
