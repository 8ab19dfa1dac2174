"""PyTorch as ONNX: programs of `torch.export`, and modules by their import path, by torch's own exporter.

torch is an extra and runs in this process. A module is the user's own code, which he names; a file that came from
elsewhere must not bring any: pickles of whole modules are refused, and tensors are read with `weights_only`.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

OPSET = 18
"""The operator set that torch's exporter writes without converting."""

OPSET_OF_RUNS = 17
"""The operator set that torch's older exporter writes best."""

_IMPORT_PATH = re.compile(r"(?P<module>.+):(?P<factory>[A-Za-z_]\w*)")
_FORCE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
_SHOWN_CHARACTERS = 300
_SHOWN_KEYS = 3


def is_import_path(model: Path) -> bool:
    """Whether this names a factory of a module (`package.module:factory`, `file.py:factory`) and no file."""
    return not model.exists() and _IMPORT_PATH.fullmatch(str(model)) is not None


def program_to_onnx(path: Path) -> tuple[bytes, str]:
    """A program that `torch.export.save` wrote, as ONNX.

    Returns:
        The bytes of the ONNX file, and what made it, as `torch 2.13.0`.

    Raises:
        BadInputError: torch does not read it, it has open sizes beside the batch, or its exporter has no form for it.
        MissingExtraError: torch is not installed.
    """
    torch, program = _torch(), read_program(path)
    return _exported(torch, program, None, path.name), f"torch {torch.__version__}"


def read_program(path: Path) -> Any:
    """A program that `torch.export.save` wrote; no code in it is run.

    Raises:
        BadInputError: torch does not read it.
        MissingExtraError: torch is not installed.
    """
    torch = _torch()
    with _quiet(), _tensors_only():
        try:
            return torch.export.load(str(path))
        except Exception as error:  # torch raises whatever its parsers meet in a damaged file
            raise BadInputError(
                f"wanted a program of torch.export that torch {torch.__version__} reads, found {path.name}: "
                f"{_first_line(error)}; save it again with this version"
            ) from error


def module_to_onnx(model: Path, input_size: tuple[int, int] | None, weights: Path | None) -> tuple[bytes, str]:
    """What a factory makes, as ONNX.

    Args:
        model: `package.module:factory` or `file.py:factory`. The factory takes no arguments and gives a module, or a
            module and a typical input with batch 1.
        input_size: height and width in pixels of the input, where the factory gives none.
        weights: a state dict, as `torch.save(module.state_dict(), path)` writes it; None to keep the factory's.

    Returns:
        The bytes of the ONNX file, and what made it, as `torch 2.13.0`.

    Raises:
        BadInputError: there is no such factory, it gives no module, the weights do not fit, or torch's exporter has no
            form for it.
        MissingExtraError: torch is not installed.
    """
    torch = _torch()
    module, example = _made(torch, model)
    if weights is not None:
        _load_weights(torch, module, weights)
    if example is None:
        example = torch.zeros(1, _channels(torch, module), *_size(input_size, model))
    return _exported(torch, module.eval(), (example,), str(model)), f"torch {torch.__version__}"


def network_to_onnx(network: Any, example: Any, name: str) -> tuple[bytes, str]:
    """A module of plain layers that is in memory, as ONNX, by torch's older exporter, which follows one run of it.

    It takes .1 to .3 s for the networks of the trainer, the newer one 4 s each, and a search for a size exports many.

    Args:
        network: the module, in evaluation mode.
        example: a typical input with batch 1.
        name: what messages call it.

    Returns:
        The bytes of the ONNX file, and what made it, as `torch 2.13.0`.

    Raises:
        BadInputError: torch's exporter has no form for it.
        MissingExtraError: torch is not installed.
    """
    import onnx  # noqa: PLC0415 - heavy, and only PyTorch models need it

    torch = _torch()
    content = io.BytesIO()
    with _quiet(), torch.no_grad():
        try:
            torch.onnx.export(network, (example,), content, dynamo=False, opset_version=OPSET_OF_RUNS)
        except Exception as error:  # the exporter raises many kinds, and all mean the same
            raise BadInputError(
                f"wanted a network that torch's ONNX exporter takes, found {name}: {_first_line(error)}"
            ) from error
    return _without_traces(onnx.load_from_string(content.getvalue())), f"torch {torch.__version__}"


def _torch() -> Any:
    try:
        import onnxscript  # noqa: F401, PLC0415 - torch's exporter needs it
        import torch  # noqa: PLC0415 - heavy, and only PyTorch models need it
    except ImportError as error:
        raise MissingExtraError(
            f"wanted PyTorch to read this model ({error}); install lepton-edge[torch] (in a checkout: "
            "pip install '.[torch]'), or export the model to "
            "ONNX where it was made"
        ) from error
    return torch


def _made(torch: Any, model: Path) -> tuple[Any, Any]:
    found = _IMPORT_PATH.fullmatch(str(model))
    if found is None:
        raise BadInputError(f"wanted package.module:factory or file.py:factory, found {model}")
    source = _imported(found["module"])
    factory = getattr(source, found["factory"], None)
    if not callable(factory):
        offered = ", ".join(name for name in sorted(vars(source)) if not name.startswith("_")) or "nothing"
        raise BadInputError(f"wanted {found['factory']} in {found['module']}, found {offered}; mend the name")
    made = factory()
    module, example = made if isinstance(made, tuple) and len(made) == len(("module", "input")) else (made, None)
    if not isinstance(module, torch.nn.Module):
        raise BadInputError(
            f"wanted a torch.nn.Module, or one and a typical input, from {model}, found {type(made).__name__}"
        )
    return module, example


def _imported(name: str) -> Any:
    file = Path(name)
    try:
        if not name.endswith(".py"):
            with _working_folder_first():
                return import_module(name)
        spec = spec_from_file_location(file.stem, file)
        if spec is None or spec.loader is None or not file.is_file():
            raise BadInputError(f"wanted a Python file at {file}, found none; check the path")
        module = module_from_spec(spec)
        sys.modules[file.stem] = module
        spec.loader.exec_module(module)
    except ImportError as error:
        raise BadInputError(f"wanted to import {name}, found: {error}; run it from the folder where it lies") from error
    return module


@contextmanager
def _working_folder_first() -> Iterator[None]:
    """As `python -m` has it; the installed command has not."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _load_weights(torch: Any, module: Any, path: Path) -> None:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        raise BadInputError(
            f"wanted a state dict of plain tensors in {path}, found: {_first_line(error)}; write it with "
            "torch.save(module.state_dict(), path)"
        ) from error
    if not isinstance(state, dict):
        raise BadInputError(f"wanted a state dict in {path}, found {type(state).__name__}")
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        keys = ", ".join([str(key) for key in state][:_SHOWN_KEYS])
        reason = " ".join(str(error).split())[:_SHOWN_CHARACTERS]
        raise BadInputError(f"wanted weights that fit the module, found {path} ({keys} …): {reason}") from error


def _channels(torch: Any, module: Any) -> int:
    layers = (layer for layer in module.modules() if isinstance(layer, torch.nn.Conv2d))
    first = next(layers, None)
    if first is None:
        raise BadInputError(
            "wanted a module that begins with Conv2d for the input size, found none; let the factory return the module "
            "and a typical input"
        )
    return int(first.in_channels)


def _size(input_size: tuple[int, int] | None, model: Path) -> tuple[int, int]:
    if input_size is None:
        raise BadInputError(
            f"wanted the input's size for {model}, found none; give --input-size HEIGHT WIDTH, or let the factory "
            "return the module and a typical input"
        )
    return input_size


def _exported(torch: Any, program: Any, arguments: tuple[Any, ...] | None, name: str) -> bytes:
    with _quiet(), torch.no_grad():
        try:
            made = torch.onnx.export(program, arguments or (), dynamo=True, opset_version=OPSET, verbose=False)
        except Exception as error:  # the exporter raises many kinds, and all mean the same
            raise BadInputError(
                f"wanted a model that torch's ONNX exporter takes, found {name}: {_first_line(error)}; replace that "
                "part, or export it yourself with torch.onnx.export(…, dynamo=True)"
            ) from error
    return _without_traces(made.model_proto)


def _without_traces(model: Any) -> bytes:
    """Every node carries the lines of source that made it, with paths of this machine: they are no part of a model."""
    del model.metadata_props[:], model.graph.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    for function in model.functions:
        for node in function.node:
            del node.metadata_props[:]
    content: bytes = model.SerializeToString(deterministic=True)
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter silent, which warns of packages that it could use and of names of its own that will go."""
    log = logging.getLogger("torch")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


@contextmanager
def _tensors_only() -> Iterator[None]:
    """`torch.export.load` unpickles whatever it finds; with this in the environment torch takes tensors alone."""
    before = os.environ.get(_FORCE)
    os.environ[_FORCE] = "1"
    try:
        yield
    finally:
        os.environ.pop(_FORCE)
        if before is not None:
            os.environ[_FORCE] = before


def _first_line(error: BaseException) -> str:
    """The innermost cause says it best; exporters wrap it in advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:_SHOWN_CHARACTERS]
