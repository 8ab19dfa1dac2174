"""The reference page of the topics, made from their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.command import MEANINGS
from edge_contracts.topics import LEAVES, ROOT

if TYPE_CHECKING:
    from edge_contracts.topics import Leaf

_HEAD = f"""# Topics

Each under `{ROOT}/{{org}}/{{site}}/{{device}}/`. A broker's access control needs one line:
`pattern readwrite {ROOT}/+/+/%u/#`, with the device's name as its user or its certificate's common name.
That line ties a station to its name and not to its site: under its own name it may speak in every `org/site`. Where
sites must not reach each other, leave it out and give each station a line of its own below `user NAME`:
`topic readwrite {ROOT}/ORG/SITE/NAME/#`.

| topic | said by | QoS | retained | at most bytes | payload | what it is |
|---|---|---|---|---|---|---|
"""

_COMMANDS = """
## Commands

What `cmd/{name}` may ask for, where the station's [`[commands]`](station.md#commands) allow it; an argument is one too
many. A device keeps the ids of the last 1,000 that it took on its disk and does none twice: what comes again is
answered as before.

| command | what the device does |
|---|---|
"""


_FOOT = """
`alert`, `gap` and `stats` come from the spool: each has its place (`epoch`, `seq`), is sent until an `ack` covers it,
and keeps its `id` when it is sent again. A manager must hear all three, or it waits for a hole that never closes:
update the manager before its stations.

The leaf `job` is kept for the life of an update (offered, downloading, on trial, committed); nothing is said there yet.
"""


def reference() -> str:
    """The page, Markdown."""
    topics = "".join(_row(name, leaf) for name, leaf in LEAVES.items())
    return (
        _HEAD
        + topics
        + _FOOT
        + _COMMANDS
        + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in MEANINGS.items())
    )


def _row(name: str, leaf: Leaf) -> str:
    cells = (
        f"`{name}`",
        "device" if leaf.from_device else "manager",
        str(leaf.qos),
        "yes" if leaf.retained else "no",
        str(leaf.limit_bytes),
        f"[{leaf.schema}](schemas/{leaf.schema}.json)" if leaf.schema else "bytes",
        leaf.meaning,
    )
    return f"| {' | '.join(cells)} |\n"
