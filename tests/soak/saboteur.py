"""What goes wrong, at random moments of a seeded dice: camera or broker, stopped or killed, for some seconds."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.soak.rig import Rig

QUIET_S = (4.0, 15.0)
DOWN_S = (0.5, 6.0)


class Saboteur:
    """A thread that harms the rig until it is stopped, and mends it at the end.

    Args:
        rig: what it harms.
        seed: of the dice.
    """

    def __init__(self, rig: Rig, seed: int) -> None:
        self.deeds: Counter[str] = Counter()
        self._rig = rig
        self._draw = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saboteur", daemon=True)

    def start(self) -> None:
        """Begin with a quiet time."""
        self._thread.start()

    def stop(self) -> None:
        """Mend what is broken and end."""
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stop.wait(self._draw.uniform(*QUIET_S)):
            role, deed = self._draw.choice(["camera", "broker"]), self._draw.choice(["stalls", "dies"])
            self.deeds[f"{role} {deed}"] += 1
            if deed == "stalls":
                self._rig.stall(role)
                self._stop.wait(self._draw.uniform(*DOWN_S))
                self._rig.go_on(role)
            else:
                self._rig.kill(role)
                self._stop.wait(self._draw.uniform(*DOWN_S))
                self._rig.start(role)
