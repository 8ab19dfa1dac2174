"""docs/reference/problems.md, made from the table of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.api.problem import MEDIA_TYPE
from fleet_manager.api.problem_kinds import ADDRESS, PROBLEM_KINDS

if TYPE_CHECKING:
    from fleet_manager.api.problem_kinds import ProblemKind

_HEAD = f"""# Problems

Every error of the manager's HTTP interface is a problem document, `{MEDIA_TYPE}`
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

```json
{{
  "type": "{ADDRESS}not-found",
  "title": "Nothing is there",
  "status": 404,
  "detail": "wanted alert 7, found none: look at the list, or ask an admin for the right to see it",
  "instance": "urn:lepton:request:5f0c8ad35e3b1d60"
}}
```

`type` is one of those below, `detail` is for people and may change, `instance` names the request as the answer's
`X-Request-Id` and the manager's log do."""


def problem_reference() -> str:
    """The page."""
    return "\n\n".join([_HEAD, *map(_section, PROBLEM_KINDS)]) + "\n"


def _section(kind: ProblemKind) -> str:
    members = "".join(f" Carries `{name}`." for name in kind.members)
    return f"## {kind.name}\n\n{kind.status}: {kind.title}. {kind.meaning}{members}"
