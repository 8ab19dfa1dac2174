"""Details of a card as the doctor, the delegate rules, the sparsity count and the size account write them."""

from __future__ import annotations

import math

import numpy as np

from converters.calibration.representativeness import Representativeness
from converters.doctor import Findings, Histogram, Islands, Layer, Point, Tried
from converters.size_account import KindSize, SizeAccount, SizeStep
from device_profiles.placement import DelegateReport, OperatorFate

LAYERS = 24


def layer(place, **changes):
    rng = np.random.default_rng(place)
    counts = np.histogram(rng.gamma(2.0, 1.0, 4000), 32)[0]
    own = 24 + 14 * abs(math.sin(place * 1.3))
    fields = {
        "name": f"block_{place}/conv",
        "kind": "DEPTHWISE_CONV_2D" if place % 2 else "CONV_2D",
        "precision": "int8",
        "own_db": own,
        "noise_db": max(12.0, 36 - 0.8 * place),
        "weights_db": own + 3,
        "weight_share": 0.62,
        "weight_error_db": 41.0,
        "saturated": 0.004 if place == 5 else 0.0,
        "lowest": 0.0,
        "highest": 9.5,
        "stored_lowest": 0.0,
        "stored_highest": 6.0,
        "step": 6 / 255,
        "histogram": Histogram(0.0, 9.5, tuple(int(count) for count in counts)),
        "sensitivity_db": 1.8 if place == 5 else None,
    }
    return Layer(**(fields | changes))


def point(operators, output_db, agreement, size_bytes, ratio, *, chosen=False):
    return Point(
        operators=tuple(f"block_{place}/conv" for place in operators),
        output_db=output_db,
        agreement=agreement,
        bytes=size_bytes,
        ms=1.9 * ratio,
        time_ratio=ratio,
        estimated_ratio=ratio,
        chosen=chosen,
    )


POINTS = (
    point((), 12.1, 0.81, 480_000, 1.0),
    point((5,), 14.8, 0.85, 486_000, 1.06),
    point((5, 7), 18.9, 0.91, 495_000, 1.15, chosen=True),
    point((5, 7, 9), 19.6, 0.92, 530_000, 1.38),
)


def doctor(**changes):
    fields = {
        "samples": 16,
        "output_db": 18.9,
        "cause": "weights",
        "sentences": (
            "block_5/conv loses most, by its weights.",
            "Second-order rounding gave back 3.1 dB at the output.",
        ),
        "layers": tuple(layer(place, **({"precision": "float32"} if place == 7 else {})) for place in range(LAYERS)),
        "tried": (
            Tried("mse", 12.1, 12.0, kept=False),
            Tried("mse, bias correction", 13.9, 13.7, kept=False),
            Tried("mse, second-order rounding", 18.9, math.inf, kept=True),
        ),
        "islands": Islands(POINTS, 11, "Two operators in float give 6.8 dB back for 15 % more time.", 4.2),
    }
    return Findings(**(fields | changes)).as_document()


def sparsity():
    shares = {"weights": 208_112, "dense": 0.81, "structured": 0.12, "unstructured": 0.07}
    stored = {"weights": 183_112, "dense": 0.91, "structured": 0.0, "unstructured": 0.09}
    return {"float": shares | {"layers": []}, "artefact": stored, "removed_channels": 31}


def size():
    steps = (
        SizeStep("float model", 866_284),
        SizeStep("the same, rewritten without metadata and repetition", 848_104),
        SizeStep("without 31 dead channels", 752_000),
        SizeStep("int8 weights and arithmetic", 241_432),
    )
    kinds = (
        KindSize("CONV_2D", 14, 690_000, 190_000),
        KindSize("DEPTHWISE_CONV_2D", 13, 60_000, 21_000),
        KindSize("FULLY_CONNECTED", 1, 2_056, 530),
        KindSize("SOFTMAX", 1, 0, 0),
    )
    return SizeAccount(steps, kinds, 4_196).as_document()


def delegates():
    body = tuple(OperatorFate(place, "CONV_2D", f"t{place}", "accelerator") for place in range(12))
    falls = OperatorFate(12, "SOFTMAX", "probabilities", "processor", "the maker's list does not have it")
    refused = OperatorFate(12, "SOFTMAX", "probabilities", "refused", "only as the last operator")
    reports = (
        DelegateReport(
            "edgetpu", "Coral Edge TPU", "compiler 16.0", (*body, falls), 12, ("Keep axes multiples of 8.",)
        ),
        DelegateReport("tflm", "TensorFlow Lite Micro", "2024", body, None),
        DelegateReport("hailo", "Hailo-8", "3.30", (*body, refused), 12),
    )
    return [report.as_document() for report in reports]


def calibration():
    return Representativeness(
        inputs=40,
        distinct=36,
        advised_more=0,
        saturation=0.0031,
        coverage=0.94,
        beyond=0.04,
        worst="block_5/conv",
        worst_beyond=0.31,
        brightness=(0.12, 0.88),
        clipped=0.031,
        sentences=("4 of 40 inputs are near copies of others", "nothing is missing that these inputs could tell"),
    ).as_document()


def details():
    return {
        "doctor": doctor(),
        "sparsity": sparsity(),
        "size": size(),
        "delegates": delegates(),
        "calibration": calibration(),
    }
