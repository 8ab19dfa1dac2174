"""Names of operators, short enough to be read: exporters join the names of what they fused with semicolons."""

from __future__ import annotations

import re

LONGEST = 48
_NAME = re.compile(rf"[^\s,();]+(?:;[^\s,();]+)+|[^\s,();]{{{LONGEST + 1},}}")


def short_name(name: str) -> str:
    """The first of several joined names; of a longer one than `LONGEST`, its end, which tells names apart."""
    first = name.partition(";")[0] or name
    return first if len(first) <= LONGEST else f"…{first[-LONGEST + 1 :]}"


def with_short_names(text: str) -> str:
    """A sentence with each long or joined name in it shortened."""
    return _NAME.sub(lambda found: short_name(found.group()), text)
