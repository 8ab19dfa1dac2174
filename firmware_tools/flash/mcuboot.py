"""Devices with MCUboot, over the Simple Management Protocol (smpclient): two slots, a trial, and a way back.

The running image is never touched: the new one goes into the second slot, is started once on trial, and is confirmed
when it answers. Until then every reset brings the old one back. So whatever breaks, the chip starts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError, LeptonError
from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.flasher import ChipSilent, Mismatch, Stage, WriteRefused
from firmware_tools.flash.smp_device import SmpDevice, UploadRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_tools.flash.flasher import Chip, Progress
    from firmware_tools.flash.smp_device import Slot
    from firmware_tools.image import FirmwareImage

BOOT_POLL_S = 0.5
UNHEARD = {EndState.ON_TRIAL: EndState.TRIAL_SILENT, EndState.MARKED: EndState.UNANSWERED}
"""What is left of a state that a device told, as soon as it tells nothing more: it may have been reset meanwhile."""
NS_PER_S = 1_000_000_000


class NotTaken(WriteRefused):
    """The bootloader started the old image, not the new one."""


class McubootFlasher:
    """Flashes one device whose running image speaks SMP.

    Args:
        image: a signed MCUboot image that is not padded to a slot.
        port: the serial port to open now.
        baud: of the line.
        timeout_s: for one answer.
        erase_timeout_s: for the first answer of an upload, while the slot is erased.
        boot_timeout_s: for a restart with a swap of the slots.
        confirm: keep the new image if it answers; else leave it on trial.
        sleep: waits between questions while it restarts.
        now_ns: a monotonic clock.
    """

    def __init__(
        self,
        image: FirmwareImage,
        port: Callable[[], str],
        *,
        baud: int,
        timeout_s: float,
        erase_timeout_s: float,
        boot_timeout_s: float,
        confirm: bool,
        sleep: Callable[[float], None],
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        if image.digest is None or any("padded to a slot" in one for one in image.remarks):
            raise BadInputError(
                "wanted a signed image as imgtool leaves it without --pad, found one padded to a slot; sign it again"
            )
        self.spans: tuple[range, ...] = ()
        self._content, self._digest = image.content, bytes.fromhex(image.digest)
        self._device = SmpDevice(port, baud, timeout_s, erase_timeout_s)
        self._boot_timeout_s, self._confirm, self._sleep, self._now_ns = boot_timeout_s, confirm, sleep, now_ns
        self._tried, self._if_silent = False, EndState.PARTLY_STAGED

    def identify(self) -> Chip:
        """Ask for the board's name and its slots."""
        return self._device.chip()

    def write(self, told: Progress) -> None:
        """Upload what is missing; nothing, if the device holds the image already."""
        if self._slot() is None:
            self._device.upload(self._content, told)
        told(1.0)

    def verify(self) -> None:
        """See that the device names the image's hash for one of its slots."""
        if self._slot() is None:
            held = ", ".join(f"{one.version} in slot {one.number}" for one in self._device.slots()) or "no image"
            raise Mismatch(f"wanted the new image's hash in a slot, found {held}; flash it again")

    def start(self) -> EndState:
        """Restart into the new image on trial, and confirm it when it answers."""
        slot = self._slot()
        if slot is None:
            return EndState.PARTLY_STAGED
        if not slot.active:
            slot = self._restarted()
        if slot is None:
            return EndState.TRIAL_SILENT
        if not slot.active:
            raise NotTaken(
                "wanted the new image to run after the restart, found the old one: the bootloader did not take it; "
                "check that it is signed with the bootloader's key and fits its rules on versions"
            )
        if slot.confirmed or not self._confirm:
            return self._state(slot)
        self._if_silent = EndState.UNANSWERED
        self._device.confirm(self._digest)
        kept = self._slot()
        if kept is None or not kept.confirmed:
            raise WriteRefused(
                "wanted the device to keep the new image, found that it says yes and leaves it on trial; confirm it "
                "from the image itself"
            )
        return EndState.CONFIRMED

    def settle(self, stage: Stage, error: LeptonError) -> EndState:
        """What the device says of its slots; without an answer, what must be true since it was heard last."""
        if stage is Stage.IDENTIFY:
            return EndState.UNTOUCHED
        try:
            state = self._state(self._slot())
        except (LeptonError, OSError, KeyboardInterrupt):  # also a second Ctrl-C, while the device is asked
            return self._if_silent
        refused = state is EndState.PARTLY_STAGED and isinstance(error, UploadRefused)
        return EndState.UPLOAD_REFUSED if refused else state

    def leave(self) -> None:
        """Its image runs all the time."""

    def _slot(self) -> Slot | None:
        """The slot that holds the image; the running one first."""
        fitting = [one for one in self._device.slots() if one.digest == self._digest]
        found = min(fitting, key=lambda one: not one.active, default=None)
        self._tried = self._tried or (found is not None and found.active)
        state = self._state(found)
        self._if_silent = UNHEARD.get(state, state)
        return found

    def _state(self, slot: Slot | None) -> EndState:
        """What the image's slot, as the device tells it, comes to."""
        if slot is not None and slot.active:
            return EndState.CONFIRMED if slot.confirmed else EndState.ON_TRIAL
        if slot is not None and slot.pending:
            return EndState.MARKED
        if self._tried:
            return EndState.REVERTED
        return EndState.PARTLY_STAGED if slot is None else EndState.STAGED

    def _restarted(self) -> Slot | None:
        """The image's slot after the device was told to start it; until each answer, it may or may not have heard."""
        self._if_silent = EndState.UNANSWERED
        self._device.mark_for_trial(self._digest)
        self._tried = True
        self._device.restart()
        self._if_silent = EndState.TRIAL_SILENT
        return self._after_restart()

    def _after_restart(self) -> Slot | None:
        """The image's slot as soon as the device has restarted; None where it does not answer in time."""
        end_ns = self._now_ns() + int(self._boot_timeout_s * NS_PER_S)
        last = None
        while self._now_ns() < end_ns:
            self._sleep(BOOT_POLL_S)
            try:
                found = self._slot()
            except ChipSilent:
                last = None  # what answered before is restarting now
                continue
            if found is None:
                raise NotTaken(
                    "wanted the new image in a slot after the restart, found it in none: the bootloader threw it away; "
                    "check that it is signed with the bootloader's key"
                )
            last = found
            # While it still waits for its start, what answers has not restarted yet.
            if found.active or not found.pending:
                return found
        if last is not None:
            raise WriteRefused(
                f"wanted the device to restart within {self._boot_timeout_s:g} s, found the old image still running "
                "and the new one waiting for its start; reset the device"
            )
        return None
