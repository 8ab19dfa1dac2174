"""What happened to the uplink, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UplinkCounters:
    """Since the daemon started.

    sessions: connections that the broker accepted. sent: messages from the spool, re-sends counted. resends: times that
    silence made it go back. bad_acks: acknowledgements not understood or refused. refusals: messages or subscriptions
    that the broker refused. unheard: alerts and losses that nobody had subscribed to, where the broker's word frees
    them. too_large: announcements over their limit. connected: whether a session is open now.
    """

    sessions: int
    sent: int
    resends: int
    bad_acks: int
    refusals: int
    unheard: int
    too_large: int
    connected: bool
