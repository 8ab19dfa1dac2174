"""The microcontrollers of a station, by name: what outputs, triggers and encoders find theirs in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.terminals.microcontroller import Microcontroller


class Chips:
    """Those that run; units put them in and take them out."""

    def __init__(self) -> None:
        self._running: dict[str, Microcontroller] = {}

    def put(self, chip: Microcontroller) -> Callable[[], None]:
        """It is the one of its name from now on; what is given back undoes that."""
        before, self._running[chip.name] = self._running.get(chip.name), chip
        return (
            partial(self.forget, chip.name) if before is None else partial(self._running.__setitem__, chip.name, before)
        )

    def forget(self, name: str) -> None:
        """It does not run any more."""
        self._running.pop(name, None)

    def named(self, name: str) -> Microcontroller:
        """The running one of this name.

        Raises:
            BadInputError: there is none.
        """
        try:
            return self._running[name]
        except KeyError as error:
            known = ", ".join(self._running) or "none"
            raise BadInputError(f"wanted a running microcontroller among {known}, found {name}") from error
