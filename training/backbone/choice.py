"""What `--backbone` means: `own`, `none`, a file, or a name on the user's shelf."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.backbone import own
from training.detectors.learn import Backbone

if TYPE_CHECKING:
    from training.backbone.shelf import Shelf

NONE = "none"


def chosen_backbone(wanted: str, shelf: Shelf) -> Backbone | None:
    """The backbone to see with; None for Gabor layers, which need none.

    Raises:
        BadInputError: there is no such file or name.
    """
    if wanted == NONE:
        return None
    if wanted == own.NAME:
        return Backbone(own.own_backbone(), "our own backbone")
    path = Path(wanted)
    if not path.exists():
        return Backbone(shelf.read(wanted), wanted)
    try:
        return Backbone(path.read_bytes(), wanted)
    except OSError as error:
        raise BadInputError(
            f"wanted a quantised classifier (.tflite) for --backbone, found that {path} cannot be read "
            f"({error.strerror}); check the path"
        ) from error
