"""A firmware image in words: lines for a terminal, one JSON document for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firmware_tools.image.firmware_image import FirmwareImage

FORMAT_NAMES = {
    "mcuboot": "MCUboot image",
    "esp": "ESP image",
    "elf": "ELF program",
    "hex": "Intel HEX",
    "bin": "raw binary",
    "uf2": "UF2",
}


def describe(image: FirmwareImage) -> dict[str, Any]:
    """The image as one JSON document; what the format does not tell is null."""
    return {
        "kind": image.kind,
        "chip": image.chip,
        "name": image.name,
        "version": image.version,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "digest": image.digest,
        "signature": image.signature,
        "key_hash": image.key_hash,
        "entry": image.entry,
        "segments": [{"start": one.start, "size_bytes": len(one.content)} for one in image.segments],
        "remarks": list(image.remarks),
    }


def lines(image: FirmwareImage) -> list[str]:
    """The image as lines of a table."""
    rows = {
        "format": FORMAT_NAMES[image.kind],
        "chip": image.chip,
        "name": image.name,
        "version": image.version,
        "size": f"{image.size_bytes:,} bytes",
        "sha256": image.sha256,
        "digest": image.digest,
        "signature": image.signature,
        "key": image.key_hash,
        "entry": None if image.entry is None else f"{image.entry:#010x}",
    }
    table = [f"{name:<10}{value}" for name, value in rows.items() if value]
    ranges = [f"{one.start:#010x} to {one.end - 1:#010x}  {len(one.content):>9,} bytes" for one in image.segments]
    table += [f"{'' if place else 'holds':<10}{one}" for place, one in enumerate(ranges)]
    return table + [f"{'note':<10}{remark}" for remark in image.remarks]
