"""A device with MCUboot and an SMP server on its console, as Zephyr's documents tell both; on a pseudo-terminal.

Slots, swap, trial and revert follow MCUboot's design; frames follow "SMP over console"; the requests are those of
Zephyr's image and OS groups.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

import cbor2

from edge_contracts.errors import LeptonError
from firmware_tools.image import parse_image
from firmware_tools.image.signing import check_signature
from tests.fakes.chip_line import PowerLost, PtyChip
from tests.fakes.firmware_images import key

READ, WRITE = 0, 2
OS, IMAGE = 0, 1
BUFFER_BYTES = 1024
INVALID, NO_MEMORY, UNKNOWN = 3, 2, 1


class SmpChip(PtyChip):
    """A board that runs an image and takes another.

    Args:
        running: the image in the first slot.
        board: its name.
        slot_bytes: of each slot.
        trusts: the key that its bootloader was built with.
        starts: whether a new image answers when it is started.
        compares: whether the server compares the upload's hash at the end.
    """

    def __init__(
        self,
        folder,
        running: bytes,
        fault=None,
        *,
        board="gate_board/nrf52840",
        slot_bytes=16384,
        starts=True,
        compares=True,
    ):
        super().__init__(folder, fault)
        self.board, self.slot_bytes, self.trusts = board, slot_bytes, key().public_key()
        self.starts, self.compares = starts, compares
        self.slots = [running.ljust(slot_bytes, b"\xff"), b"\xff" * slot_bytes]
        self.memory = bytearray(self.slots[1])
        self.pending = self.on_trial = False
        self.swaps = 0

    @property
    def first(self) -> bytes:
        return self.slots[0]

    def power_on(self) -> None:
        """What MCUboot does: take back a trial that nobody confirmed, begin one that was asked for."""
        self.upload_hash, self.upload_bytes, self.mute = b"", 0, False
        self.slots[1] = bytes(self.memory)
        if self.on_trial:
            self._swap()
            self.on_trial = False
        elif self.pending:
            self.pending = False
            if self._is_good(self.slots[1]):
                self._swap()
                self.on_trial = True
                self.mute = not self.starts
            else:
                self.memory = bytearray(b"\xff" * self.slot_bytes)
        self.slots[1] = bytes(self.memory)

    def _swap(self) -> None:
        self.slots = [self.slots[1], self.slots[0]]
        self.memory = bytearray(self.slots[1])
        self.swaps += 1

    def _is_good(self, slot: bytes) -> bool:
        try:
            check_signature(parse_image(slot), self.trusts)
        except LeptonError:
            return False
        return True

    def serve(self) -> None:
        line, frame, wanted = b"", b"", 0
        while True:
            line += self.hear(1)
            if not line.endswith(b"\n"):
                continue
            start, body, line = line[:2], line[2:-1], b""
            if self.mute or start not in {b"\x06\x09", b"\x04\x14"}:
                continue
            try:
                piece = base64.b64decode(body, validate=True)
            except binascii.Error:
                continue
            if start == b"\x06\x09":
                wanted, frame = struct.unpack_from(">H", piece)[0], piece[2:]
            else:
                frame += piece
            if wanted and len(frame) >= wanted:
                wanted = 0
                if binascii.crc_hqx(frame, 0) == 0:
                    self._request(frame[:-2])

    def _request(self, packet: bytes) -> None:
        first, _, _, group, sequence, command = struct.unpack_from(">BBHHBB", packet)
        asked, body = first & 7, cbor2.loads(packet[8:]) if len(packet) > 8 else {}
        restart = (group, command) == (OS, 5)
        answer = {} if restart else self._answer(group, command, asked, body)
        content = cbor2.dumps(answer)
        packet = (
            struct.pack(">BBHHBB", (first & 0x18) | (asked + 1), 0, len(content), group, sequence, command) + content
        )
        packet += struct.pack(">H", binascii.crc_hqx(packet, 0))
        encoded = base64.b64encode(struct.pack(">H", len(packet)) + packet)
        pieces = [encoded[at : at + 124] for at in range(0, len(encoded), 124)]
        self.say(b"".join((b"\x04\x14" if at else b"\x06\x09") + piece + b"\n" for at, piece in enumerate(pieces)))
        if restart:
            raise PowerLost

    def _answer(self, group: int, command: int, asked: int, body: dict) -> dict:
        match (group, command, asked):
            case (0, 6, 0):
                return {"buf_size": BUFFER_BYTES, "buf_count": 4}
            case (0, 7, 0):
                return {"output": self.board if body.get("format") == "i" else "cortex-m4"}
            case (1, 0, 0):
                return self._states()
            case (1, 0, 2):
                return self._mark(body)
            case (1, 1, 2):
                return self._upload(body)
        return {"rc": 8}

    def _states(self) -> dict:
        found = []
        for number, content in enumerate((self.slots[0], bytes(self.memory))):
            try:
                image = parse_image(content)
            except LeptonError:
                continue
            kept = number == 0 and not self.on_trial
            found.append(
                {"image": 0, "slot": number, "version": image.version, "hash": bytes.fromhex(image.digest)}
                | {"bootable": True, "pending": number == 1 and self.pending, "confirmed": kept, "active": number == 0}
                | {"permanent": False}
            )
        return {"images": found, "splitStatus": 0}

    def _mark(self, body: dict) -> dict:
        states = self._states()["images"]
        found = next((one for one in states if one["hash"] == body.get("hash", states[0]["hash"])), None)
        if found is None:
            return {"err": {"group": 1, "rc": INVALID}}
        if found["slot"] == 1:
            self.pending = True
        elif body.get("confirm"):
            self.on_trial = False
        return self._states()

    def _upload(self, body: dict) -> dict:
        offset, data = body["off"], body["data"]
        if offset == 0:
            if body["len"] > self.slot_bytes:
                return {"err": {"group": 1, "rc": NO_MEMORY}}
            if body.get("sha") == self.upload_hash and self.upload_bytes:
                return {"rc": 0, "off": self.upload_bytes}
            self.upload_hash, self.upload_size, self.upload_bytes = body.get("sha"), body["len"], 0
            self.erase(0, self.slot_bytes)
        if offset != self.upload_bytes:
            return {"rc": 0, "off": self.upload_bytes}
        if not self.store(offset, data):
            return {"err": {"group": 1, "rc": UNKNOWN}}
        self.upload_bytes += len(data)
        if self.upload_bytes < self.upload_size:
            return {"rc": 0, "off": self.upload_bytes}
        same = hashlib.sha256(self.memory[: self.upload_size]).digest() == self.upload_hash
        self.upload_hash = b""
        return {"rc": 0, "off": self.upload_bytes, **({"match": same} if self.compares else {})}
