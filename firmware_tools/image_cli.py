"""`lepton firmware image | sign`: look into a firmware file, and sign one for MCUboot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.whole_file import write_whole
from firmware_tools.image.description import describe, lines
from firmware_tools.image.mcuboot import HEADER, MAGIC
from firmware_tools.image.reading import parse_image, read_image
from firmware_tools.output_file import require_output
from firmware_tools.plain_file import require_plain

ZEPHYR_HEADER_BYTES = 0x200
"""Room that Zephyr links before a program for MCUboot."""
PASSWORD_VARIABLE = "LEPTON_KEY_PASSWORD"  # noqa: S105 - the name of a variable

MOST_KEY_BYTES = 1 << 16

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--key", type=_FILE, help="A PEM key, public or private: check the image's MCUboot signature with it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def image(file: Path, key: Path | None, *, as_json: bool) -> None:
    """Show what the firmware FILE is, after checking it to its end.

    MCUboot, ESP, ELF, Intel HEX, UF2 and a Cortex-M's raw binary are read. A damaged file is refused with exit code 2,
    a signature that is not the key's with exit code 1.
    """
    found = read_image(file)
    document = describe(found)
    if key is not None:
        from firmware_tools.image.signing import check_signature  # noqa: PLC0415 - loads cryptography

        check_signature(found, _key(key))
        document["signature_checked"] = True
    checked = ["signed by this key"] if key else []
    click.echo(document_text(document) if as_json else "\n".join([*lines(found), *checked]))


@click.command()
@click.argument("program", type=_FILE)
@click.option(
    "--key", type=_FILE, required=True, help="The private key, PEM: Ed25519, ECDSA P-256, RSA-2048, RSA-3072."
)
@click.option("--version", "version_words", required=True, help="Of the program, such as 1.2.3 or 1.2.3+4.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The signed image."
)
@click.option(
    "--header-size",
    default=ZEPHYR_HEADER_BYTES,
    show_default=True,
    help="Bytes of MCUboot's header before the program; Zephyr links 512.",
)
@click.option("--pad-header", is_flag=True, help="The program was linked without room for the header: put it in front.")
@click.option("--force", is_flag=True, help="Write over a file that is no signed image; never over a key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def sign(
    program: Path,
    key: Path,
    version_words: str,
    output: Path,
    header_size: int,
    *,
    pad_header: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Sign PROGRAM (raw binary, ELF or Intel HEX) for MCUboot, in imgtool's format.

    An older signed image at the output is written over, any other file with --force alone, and a key or PROGRAM never.
    A key's password is taken from the variable LEPTON_KEY_PASSWORD.
    """
    from firmware_tools.image import signing  # noqa: PLC0415 - loads cryptography

    if not HEADER.size <= header_size < 1 << 16:
        raise BadInputError(
            f"wanted a header of {HEADER.size} to 65,535 bytes, found {header_size}; give --header-size"
        )
    require_output(output, (program, key), "signed image", _is_signed, force=force)
    version = signing.parse_version(version_words)
    private = _key(key)
    require_plain(program, "a program")
    content = signing.program_of(program.read_bytes(), header_size, pad_header=pad_header)
    signed = signing.sign_program(content, version, private, header_bytes=header_size)
    found = parse_image(signed)
    write_whole(output, signed)
    click.echo(document_text(describe(found)) if as_json else "\n".join(lines(found)))


def _is_signed(head: bytes) -> bool:
    return head.startswith(MAGIC.to_bytes(4, "little"))


def _key(path: Path) -> Any:
    """A key's file may be a pipe, so that it need not be on a disk; one without an end it may not be."""
    from firmware_tools.image.signing import read_key  # noqa: PLC0415 - loads cryptography

    with path.open("rb") as file:
        return read_key(file.read(MOST_KEY_BYTES), _password())


def _password() -> bytes | None:
    found = os.environ.get(PASSWORD_VARIABLE)
    return found.encode() if found else None
