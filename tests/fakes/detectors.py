"""Real detectors of the data folder as bundles: faces without and with priors, a COCO detector that lists its boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_contracts.bundle import file_entries, write_bundle
from edge_contracts.manifest import BoxHead, BoxLimit, BoxRule, ImageInput, ListedHead, Manifest, Output, PriorLayer

if TYPE_CHECKING:
    from pathlib import Path

FACE_INPUT_PX = (240, 320)
FACE_CANDIDATES = 4420
CAT, DOG = 16, 17
COCO_LABELS = tuple("cat" if n == CAT else "dog" if n == DOG else f"thing-{n}" for n in range(90))

_FACE_SIDES_PX = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
_FACE_STRIDES_PX = (8, 16, 32, 64)


def face_priors() -> tuple[PriorLayer, ...]:
    """As the network's own repository makes them: vision/ssd/config/fd_config.py."""
    height, width = FACE_INPUT_PX
    return tuple(
        PriorLayer(
            rows=-(-height // stride),
            columns=-(-width // stride),
            sizes=tuple((side / width, side / height) for side in sides),
        )
        for sides, stride in zip(_FACE_SIDES_PX, _FACE_STRIDES_PX, strict=True)
    )


def write_face_bundle(path: Path, data: Path, *, with_priors: bool, **changes: Any) -> str:
    """UltraFace RFB-320: as ONNX it gives corners, as TFLite what its priors make corners of; no face is good."""
    if with_priors:
        members = {"model.tflite": (data / "onnx" / "ultraface-RFB-320_without_postprocessing.tflite").read_bytes()}
        names, tensor, head = (
            ("Identity", "Identity_1"),
            "input_1",
            BoxHead(boxes="priors", priors=face_priors(), background=0, overlap=0.3),
        )
    else:
        members = {"model.onnx": (data / "onnx" / "ultraface-RFB-320.onnx").read_bytes()}
        names, tensor, head = ("boxes", "scores"), "input", BoxHead(boxes="corners", background=0, overlap=0.3)
    values: dict[str, Any] = {
        "name": "faces",
        "sequence": 1,
        "task": "detection",
        "labels": ("face",),
        "precision": "float32",
        "profile": "none",
        "runtime": "tflite" if with_priors else "onnx",
        "input": ImageInput(
            tensor=tensor,
            height_px=FACE_INPUT_PX[0],
            width_px=FACE_INPUT_PX[1],
            layout="NHWC" if with_priors else "NCHW",
            dtype="float32",
            mean=(127.0,),
            std=(128.0,),
        ),
        "outputs": (
            Output(tensor=names[0], role="boxes", shape=(1, FACE_CANDIDATES, 4), dtype="float32"),
            Output(tensor=names[1], role="class-scores", shape=(1, FACE_CANDIDATES, 2), dtype="float32"),
        ),
        "head": head,
        "rule": BoxRule(min_score=0.6),
        "files": file_entries(members),
    }
    return write_bundle(path, Manifest(**(values | changes)), members)


def write_coco_bundle(path: Path, data: Path, **changes: Any) -> str:
    """SSD MobileNet v1, uint8, with TFLite_Detection_PostProcess; up to three cats are good, anything else is not."""
    members = {
        "model.tflite": (data / "tflite-support" / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite").read_bytes()
    }
    name, most = "TFLite_Detection_PostProcess", 10
    values: dict[str, Any] = {
        "name": "animals",
        "sequence": 1,
        "task": "detection",
        "labels": COCO_LABELS,
        "precision": "int8",
        "profile": "none",
        "runtime": "tflite",
        "input": ImageInput(
            tensor="normalized_input_image_tensor",
            height_px=300,
            width_px=300,
            resize="bilinear",
            dtype="uint8",
            mean=(128.0,),
            std=(128.0,),
            quantisation={"scale": 1 / 128, "zero_point": 128},
        ),
        "outputs": (
            Output(tensor=name, role="boxes", shape=(1, most, 4), dtype="float32"),
            Output(tensor=f"{name}:1", role="class-ids", shape=(1, most), dtype="float32"),
            Output(tensor=f"{name}:2", role="box-scores", shape=(1, most), dtype="float32"),
            Output(tensor=f"{name}:3", role="count", shape=(1,), dtype="float32"),
        ),
        "head": ListedHead(),
        "rule": BoxRule(min_score=0.5, limits={"cat": BoxLimit(at_most=3)}),
        "files": file_entries(members),
    }
    return write_bundle(path, Manifest(**(values | changes)), members)
