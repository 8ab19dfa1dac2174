"""Small firmware images of every format, and the keys that sign them."""

from __future__ import annotations

import functools
import hashlib
import struct
from random import Random

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from firmware_tools.image.signing import parse_version, sign_program

RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59


def program(size: int, seed: int = 1, start: int = 0x08000000) -> bytes:
    """What a Cortex-M's linker leaves: a vector table, and bytes that are no pattern."""
    return struct.pack("<II", 0x20002000, start + 0x101) + Random(seed).randbytes(size - 8)


@functools.cache
def key(kind: str = "ed25519"):
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ecdsa-p256" else rsa.generate_private_key(65537, 2048)


def pem(private, *, public: bool = False) -> bytes:
    if public:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return private.public_key().public_bytes(serialization.Encoding.PEM, form)
    none = serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)


def mcuboot(size: int = 3000, version: str = "1.2.3", seed: int = 1) -> bytes:
    return sign_program(program(size, seed, 0x200), parse_version(version), key(), header_bytes=0x200)


def esp(chip_id: int = 5, size: int = 4000, seed: int = 1, version: str = "4.5.6") -> bytes:
    """A program for an ESP32 (0) or ESP32-C3 (5), as ESP-IDF lays it out."""
    told = struct.pack("<II8s32s32s16s16s32s32s", 0xABCD5432, 0, b"", version.encode(), b"gate", *(b"",) * 4)
    segments = [(0x3C000020, told + Random(seed).randbytes(size)), (0x40380000, Random(seed + 1).randbytes(256))]
    body = struct.pack("<BBBBI", 0xE9, len(segments), 2, 0x20, 0x40380000)
    body += struct.pack("<B3sHBHH4sB", 0xEE, b"", chip_id, 0, 0, 399, b"", 1)
    body += b"".join(struct.pack("<II", address, len(content)) + content for address, content in segments)
    checksum = functools.reduce(lambda a, b: a ^ b, b"".join(content for _, content in segments), 0xEF)
    body += bytes(15 - len(body) % 16) + bytes([checksum])
    return body + hashlib.sha256(body).digest()


def uf2(content: bytes, family: int = RP2040, start: int = 0x10000000) -> bytes:
    pieces = [content[at : at + 256].ljust(256, b"\0") for at in range(0, len(content), 256)]
    return b"".join(
        struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, start + 256 * at, 256, at, len(pieces), family)
        + piece.ljust(476, b"\0")
        + struct.pack("<I", 0x0AB16F30)
        for at, piece in enumerate(pieces)
    )


def intel_hex(content: bytes, start: int = 0x08000000) -> bytes:
    def record(address: int, kind: int, data: bytes) -> str:
        body = bytes([len(data), *address.to_bytes(2, "big"), kind, *data])
        return f":{body.hex().upper()}{-sum(body) % 256:02X}"

    rows = [record(at & 0xFFFF, 0, content[at : at + 16]) for at in range(0, len(content), 16)]
    return "\r\n".join([record(0, 4, (start >> 16).to_bytes(2, "big")), *rows, record(0, 1, b""), ""]).encode()


def elf(content: bytes, machine: int = 40, start: int = 0x08000000, entry: int = 0x08000101) -> bytes:
    """A 32-bit program of one load segment and one section; what esptool wants, too."""
    names = b"\0.text\0.shstrtab\0"
    text, table = 52 + 32, 52 + 32 + len(content) + len(names)
    head = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    head += struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, entry, 52, table, 0, 52, 32, 1, 40, 3, 2)
    head += struct.pack("<8I", 1, text, start, start, len(content), len(content), 5, 4)
    sections = bytes(40)
    sections += struct.pack("<10I", 1, 1, 6, start, text, len(content), 0, 0, 4, 0)
    sections += struct.pack("<10I", 7, 3, 0, 0, text + len(content), len(names), 0, 0, 1, 0)
    return head + content + names + sections
