"""Rows of the inbox, drawn once for all browsers that get them: who looks matters only for the button."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from fleet_manager.pages.alert_item import alert_item

if TYPE_CHECKING:
    from fleet_manager.desk.inbox import AlertLine
    from fleet_manager.pages.drawing import Drawing

KEPT: Final = 256


class RowDrawing:
    """The last rows that were drawn.

    Args:
        drawing: the templates.
    """

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._drawn: OrderedDict[tuple[int, bool], str] = OrderedDict()

    def row(self, line: AlertLine, may_acknowledge: bool) -> str:  # noqa: FBT001 - half of the key
        """The row of a new alert."""
        key = (line.id, may_acknowledge)
        if key not in self._drawn:
            item = alert_item(line, may_acknowledge=may_acknowledge)
            self._drawn[key] = self._drawing.piece("alert_row", "row", item, True)
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return self._drawn[key]
