"""What may stand in a topic that a person configures."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

TopicLevel = Annotated[str, StringConstraints(pattern=r"^[^/+#$\x00-\x1f][^/+#\x00-\x1f]*$", max_length=64)]
"""One level: no '/', no wildcard, no control character, no '$' in front."""

TopicName = Annotated[
    str, StringConstraints(pattern=r"^[^/+#$\x00-\x1f][^/+#\x00-\x1f]*(/[^/+#\x00-\x1f]+)*$", max_length=256)
]
"""Levels between single '/'."""
