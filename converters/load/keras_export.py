"""Run as a script by TensorFlow's own Python: a Keras model or SavedModel becomes a float TFLite file.

Arguments: the model, the file to write, height and width (0 0 where the model says them). What the user must know
comes as the last line on standard error, the TensorFlow that was used as JSON on standard output.

No code of the model's author runs: a Lambda layer is refused before Keras sees it, and Keras' safe mode stays on. The
graph is written as it is, without quantisation or other optimisation, for a batch of one.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

PICTURE_RANK = 4
KERAS_3 = 3
REFUSED = 3
"""The exit status when the last line is meant for the user."""


class UnfitModelError(Exception):
    """The model cannot be exported; the message is for the user."""


def main(model: Path, out: Path, height: int, width: int) -> None:
    """Load, export, write."""
    generation = KERAS_3
    if not model.is_dir():
        # Before TensorFlow is loaded: what is refused is refused at once.
        config, generation = _configuration(model)
        _refuse_code(config)
    import tensorflow as tf  # noqa: PLC0415 - only where this runs
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415
        convert_variables_to_constants_v2 as freeze,
    )

    # The holder keeps the variables alive that the call reads.
    call, shape, dtype, _holder = _saved_model(tf, model) if model.is_dir() else _keras_model(tf, model, generation)
    spec = tf.TensorSpec(_static(shape, height, width), dtype)
    # Frozen here: the converter leaves the variables of some Keras 3 models in the file as resources.
    concrete = freeze(tf.function(call).get_concrete_function(spec))
    out.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    print(json.dumps({"tensorflow": tf.__version__}))  # noqa: T201 - the answer


def _keras_model(tf: Any, path: Path, generation: int) -> tuple[Any, list[int | None], Any, Any]:
    if generation < KERAS_3:
        import tf_keras as keras  # noqa: PLC0415 - Keras 2, which older files need

        model = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        import keras  # noqa: PLC0415

        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    if len(model.inputs) != 1:
        raise UnfitModelError(f"wanted a model with one input, found {len(model.inputs)}; export it with one")
    taken = model.inputs[0]
    return lambda x: model(x, training=False), list(taken.shape), tf.as_dtype(taken.dtype), model


def _configuration(path: Path) -> tuple[Any, int]:
    """The model's own description, and the generation of Keras that wrote it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "3")
            return json.loads(archive.read("config.json")), int(str(version).split(".")[0])
    import h5py  # noqa: PLC0415

    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise UnfitModelError("wanted a whole Keras model, found weights alone; save it with model.save(path)")
        version = file.attrs.get("keras_version", "2")
        return json.loads(_text(file.attrs["model_config"])), int(_text(version).split(".")[0])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _refuse_code(config: Any) -> None:
    """A Lambda layer holds Python code, which would run here."""
    if isinstance(config, dict):
        if config.get("class_name") in {"Lambda", "__lambda__"}:
            name = (config.get("config") or {}).get("name", "") if isinstance(config.get("config"), dict) else ""
            raise UnfitModelError(
                f"wanted a model of layers, found the Lambda layer {name!r}, which holds Python code that is not run "
                "here; replace it with a layer, or export the model to TFLite or ONNX where it was made"
            )
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            _refuse_code(part)


def _saved_model(tf: Any, path: Path) -> tuple[Any, list[int | None], Any, Any]:
    loaded = tf.saved_model.load(str(path))
    names = sorted(loaded.signatures)
    if not names:
        raise UnfitModelError("wanted a SavedModel with a signature, found none; save it with model.export(path)")
    signature = loaded.signatures["serving_default" if "serving_default" in names else names[0]]
    taken = signature.structured_input_signature[1]
    if len(taken) != 1:
        raise UnfitModelError(f"wanted a model with one input, found {', '.join(sorted(taken))}; export it with one")
    ((name, spec),) = taken.items()
    if spec.shape.rank is None:
        raise UnfitModelError(f"wanted an input with dimensions, found none for {name!r}; export it with a size")

    def call(x: Any) -> Any:
        return signature(**{name: x})

    return call, spec.shape.as_list(), spec.dtype, loaded


def _static(shape: list[int | None], height: int, width: int) -> list[int]:
    wanted: list[int | None] = [1, *shape[1:]]
    if height and len(shape) != PICTURE_RANK:
        raise UnfitModelError(f"wanted no input size for an input of shape {shape}: it takes no picture")
    if height:
        if any(old not in {None, new} for old, new in zip(shape[1:3], (height, width), strict=True)):
            raise UnfitModelError(
                f"wanted the input size {height}×{width}, found the model to be made for {shape[1:3]}; leave the input "
                "size out, or export the model for that size"
            )
        wanted[1:3] = [height, width]
    if None in wanted:
        raise UnfitModelError(f"wanted a fixed size, found the input shape {shape}; give the input size")
    return [int(size) for size in wanted if size is not None]


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    except UnfitModelError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the caller
        sys.exit(REFUSED)
