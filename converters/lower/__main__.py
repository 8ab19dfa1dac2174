"""The child of `converters.lower.isolated`: lowers one file under a limit of memory, or says why not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from converters.isolation.child import serve
from converters.lower.isolated import LAYOUTS, RESULT, SOURCE, WISHES
from converters.lower.lowering import lower_model

if TYPE_CHECKING:
    from pathlib import Path


def lower_file(home: Path) -> None:
    """Lower the file in `home`, and leave the result there."""
    size = json.loads((home / WISHES).read_text("utf-8"))
    made = lower_model((home / SOURCE).read_bytes(), input_size=size and (size[0], size[1]))
    (home / LAYOUTS).write_text(json.dumps({name: list(axes) for name, axes in made.layouts.items()}), "utf-8")
    (home / RESULT).write_bytes(made.content)


if __name__ == "__main__":
    serve(lower_file)
