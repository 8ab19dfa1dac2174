"""Flashing a microcontroller: one procedure, one file per family, and always a named state at the end."""

from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.fit import check_fit
from firmware_tools.flash.flasher import Chip, Flasher
from firmware_tools.flash.flashing import Outcome, flash

__all__ = ["Chip", "EndState", "Flasher", "Outcome", "check_fit", "flash"]
