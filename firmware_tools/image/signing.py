"""Sign a program for MCUboot, in imgtool's format, and check such a signature against a key.

imgtool itself is a command line around its classes, which change between releases; the format is documented and
stable. So it is written here, over `cryptography`, and proved with imgtool's own `verify`.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError, MissingExtraError, RefusedError
from firmware_tools.image import mcuboot
from firmware_tools.image.firmware_image import flat
from firmware_tools.image.reading import format_of, parse_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_tools.image.firmware_image import FirmwareImage

VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,10}))?")
_LIMITS = (0xFF, 0xFF, 0xFFFF, 0xFFFFFFFF)
P256_BITS = 256
RSA_RECORDS = {2048: 0x20, 3072: 0x23}
RSA_SALT_BYTES = 32
MOST_PROGRAM_BYTES = 16 << 20
"""More than a slot of any chip that we know."""
PROGRAMS = ("raw binary", "ELF", "Intel HEX")
"""The formats, as the readers call them, that can be signed."""


class NotSigned(RefusedError):
    """The image carries no signature, or another key's."""


@dataclass(frozen=True, slots=True)
class Version:
    """`major.minor.revision+build`, as MCUboot compares them."""

    major: int
    minor: int
    revision: int
    build: int = 0


@dataclass(frozen=True, slots=True)
class _Method:
    """How one kind of key signs.

    record: the type of the signature's record.
    public: the public key, in the encoding that MCUboot hashes.
    sign: the signature of a program with its digest.
    verify: the same way back; raises cryptography's InvalidSignature.
    """

    record: int
    public: bytes
    sign: Callable[[bytes, bytes], bytes]
    verify: Callable[[bytes, bytes, bytes], None]


def parse_version(words: str) -> Version:
    """The version that a person wrote.

    Raises:
        BadInputError: it is none, or a number does not fit.
    """
    found = VERSION.fullmatch(words)
    numbers = [int(one or 0) for one in found.groups()] if found else []
    if not found or any(number > limit for number, limit in zip(numbers, _LIMITS, strict=True)):
        raise BadInputError(
            f"wanted a version such as 1.2.3 or 1.2.3+4 (at most 255.255.65535+4294967295), found {words!r}; mend it"
        )
    return Version(*numbers)


def read_key(content: bytes, password: bytes | None = None) -> Any:
    """A private or public key in PEM.

    Raises:
        BadInputError: it is none, its password is wrong, or it is of a kind that nobody here knows.
        MissingExtraError: `cryptography` is not installed.
    """
    serialization = _serialization()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only signing needs it

    read = serialization.load_pem_public_key if b"PUBLIC KEY" in content else None
    try:
        return read(content) if read else serialization.load_pem_private_key(content, password)
    except UnsupportedAlgorithm as error:
        raise _other_kind() from error
    except (TypeError, ValueError) as error:
        found = str(error).rstrip(".") if b"-----BEGIN " in content else "a file without a line BEGIN"
        raise BadInputError(
            f"wanted a key in PEM, found {found}; make one with 'openssl genpkey -algorithm ed25519'"
        ) from error


def sign_program(program: bytes, version: Version, key: Any, *, header_bytes: int) -> bytes:
    """An MCUboot image of a program that stands behind a header of so many bytes.

    Raises:
        BadInputError: a kind of key that MCUboot does not know, or one that cannot sign.
    """
    method = _method(key)
    if not hasattr(key, "public_key"):
        raise BadInputError("wanted the private key to sign with, found a public one; give the private key's file")
    header = mcuboot.HEADER.pack(
        mcuboot.MAGIC,
        0,
        header_bytes,
        0,
        len(program),
        0,
        version.major,
        version.minor,
        version.revision,
        version.build,
        0,
    )
    covered = header.ljust(header_bytes, b"\0") + program
    digest = hashlib.sha256(covered).digest()
    key_hash = hashlib.sha256(method.public).digest()
    signature = method.sign(covered, digest)
    records = b"".join(
        struct.pack("<HH", kind, len(value)) + value
        for kind, value in ((mcuboot.SHA256, digest), (mcuboot.KEY_HASH, key_hash), (method.record, signature))
    )
    return covered + mcuboot.TLV_INFO.pack(mcuboot.PLAIN_MAGIC, mcuboot.TLV_INFO.size + len(records)) + records


def check_signature(image: FirmwareImage, key: Any) -> None:
    """Compare an MCUboot image's signature with a key.

    Raises:
        BadInputError: it is no MCUboot image.
        NotSigned: it carries no signature, or another key's.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only signatures need it

    if image.kind != "mcuboot":
        raise BadInputError(f"wanted an MCUboot image to check a signature in, found {image.kind}; leave out --key")
    method = _method(key)
    covered, records = mcuboot.signed_part(image.content)
    signature = records.get(method.record)
    if signature is None:
        kind = mcuboot.SIGNATURES[method.record]
        raise NotSigned(
            f"wanted a signature of this key's kind, {kind}, found {image.signature or 'none'}; check with the key "
            "that signed the image, or sign the program with this one"
        )
    try:
        method.verify(signature, covered, hashlib.sha256(covered).digest())
    except InvalidSignature as error:
        raise NotSigned(
            f"wanted this key's signature, found one of key {(image.key_hash or 'unknown')[:16]}…; "
            "a bootloader with this key refuses the image: sign it again"
        ) from error


def program_of(content: bytes, header_bytes: int, *, pad_header: bool) -> bytes:
    """The program within a linker's output, without the room for the header.

    Args:
        content: a raw binary, ELF or Intel HEX.
        header_bytes: what MCUboot's header will take.
        pad_header: the linker left no room for it: it is put in front.

    Raises:
        BadInputError: it is signed already, in several pieces, or there is no room where room was promised.
    """
    found = format_of(content).name
    if found == "MCUboot":
        raise BadInputError("wanted a program that is not signed yet, found an MCUboot image; sign the linker's output")
    if found not in PROGRAMS:
        raise BadInputError(
            f"wanted a program as its linker leaves it ({', '.join(PROGRAMS)}), found a file that begins as {found}, "
            "which MCUboot does not start; give the linker's ELF"
        )
    whole = content if found == "raw binary" else _flat(content)
    if pad_header:
        return whole
    if any(whole[:header_bytes]) or len(whole) <= header_bytes:
        raise BadInputError(
            f"wanted {header_bytes} zero bytes for MCUboot's header before the program, found other bytes; "
            "link it with that room, or give --pad-header"
        )
    return whole[header_bytes:]


def _flat(content: bytes) -> bytes:
    """What a linker's output puts into memory, with gaps as erased flash."""
    segments = parse_image(content).segments
    start, end = segments[0].start, segments[-1].end
    if end - start > MOST_PROGRAM_BYTES:
        raise BadInputError(
            f"wanted one program, found pieces from {start:#x} to {end:#x}; give a raw binary of the program alone"
        )
    return flat(segments)


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only signing needs it
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package cryptography, found none: pip install 'lepton-edge[firmware]'"
        ) from error
    return serialization


def _method(key: Any) -> _Method:
    """How a key signs, from its own kind."""
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 - the same

    public = key.public_key() if hasattr(key, "public_key") else key
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    der = serialization.Encoding.DER
    if isinstance(public, ed25519.Ed25519PublicKey):
        return _Method(
            0x24,
            public.public_bytes(der, info),
            lambda _, digest: key.sign(digest),
            lambda signature, _, digest: public.verify(signature, digest),
        )
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == "secp256r1":
        return _ecdsa(key, public, public.public_bytes(der, info))
    if isinstance(public, rsa.RSAPublicKey) and public.key_size in RSA_RECORDS:
        return _rsa(key, public, public.public_bytes(der, serialization.PublicFormat.PKCS1))
    raise _other_kind()


def _other_kind() -> BadInputError:
    return BadInputError(
        "wanted an Ed25519, ECDSA P-256, RSA-2048 or RSA-3072 key, found another kind; MCUboot knows only these"
    )


def _ecdsa(key: Any, public: Any, encoded: bytes) -> _Method:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only signing needs it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - the same

    method = ec.ECDSA(hashes.SHA256())
    return _Method(
        0x22,
        encoded,
        lambda covered, _: key.sign(covered, method),
        lambda signature, covered, _: public.verify(signature, covered, method),
    )


def _rsa(key: Any, public: Any, encoded: bytes) -> _Method:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only signing needs it
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - the same

    form, hashing = padding.PSS(padding.MGF1(hashes.SHA256()), RSA_SALT_BYTES), hashes.SHA256()
    return _Method(
        RSA_RECORDS[public.key_size],
        encoded,
        lambda covered, _: key.sign(covered, form, hashing),
        lambda signature, covered, _: public.verify(signature, covered, form, hashing),
    )
