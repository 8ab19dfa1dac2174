"""A bundle as a folder of C and C++ files: there whole or not at all, and the same bytes for the same bundle."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.carray.arena import HOST, MICROCONTROLLER, arena_need, unmeasured_kinds
from firmware_tools.carray.c_text import require_name
from firmware_tools.carray.ends import input_of, outputs_of
from firmware_tools.carray.fit import fitting_model
from firmware_tools.carray.model_files import Export, header, source
from firmware_tools.carray.runner_files import (
    golden_files,
    resolver_header,
    resolver_source,
    selftest,
    selftest_header,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_contracts.bundle import Bundle


def plan_export(bundle: Bundle, name: str = "model") -> Export:
    """What would be written of a bundle.

    Args:
        bundle: read and checked.
        name: the beginning of every file and of every name in C.

    Raises:
        UnfitForMicrocontrollers: the runtime lacks something that the network needs.
        BadInputError: the name is none for C, or the bundle is damaged.
    """
    require_name(name)
    content, network = fitting_model(bundle)
    return Export(
        name,
        bundle,
        content,
        network.kinds,
        input_of(bundle, network),
        outputs_of(bundle, network),
        arena_need(network, HOST),
        arena_need(network, MICROCONTROLLER),
        unmeasured_kinds(network),
    )


def files_of(export: Export) -> dict[str, str]:
    """Each file's name and text.

    Raises:
        BadInputError: the bundle has no goldens, or such that do not fit its model.
    """
    goldens, name = golden_files(export), export.name
    return {
        f"{name}.h": header(export),
        f"{name}.c": source(export),
        f"{name}_goldens.h": goldens.header,
        f"{name}_goldens.c": goldens.source,
        f"{name}_resolver.h": resolver_header(export),
        f"{name}_resolver.cc": resolver_source(export),
        f"{name}_selftest.h": selftest_header(export),
        f"{name}_selftest.cc": selftest(export),
    }


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files into a new or empty folder.

    Raises:
        BadInputError: the folder holds something, or its parent is missing.
        OSError: the disk said no, with `folder` as its file; nothing is left behind.
    """
    target = folder.resolve()
    if not target.parent.is_dir():
        raise BadInputError(f"wanted a folder to create {folder.name} in, found none at {target.parent}; create it")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadInputError(
            f"wanted a new or empty folder, found that {folder} holds something already; give another or empty it"
        )
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.mkdir()
        for name, text in files.items():
            with (partial / name).open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        # The system refuses to put a folder over one that is not empty, so what came meanwhile is safe, too.
        partial.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
