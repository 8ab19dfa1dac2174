"""Train one network briefly and write it as ONNX: `python train.py NAME LESSON.npz OUT.onnx`.

Runs in an environment with PyTorch. Same seed, same threads, same PyTorch: same weights. What it reached on judged
inputs is printed as JSON; it is no bar, only proof that the network is not random.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import classifiers
import numpy as np
import others
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

OPSET = 17
SEED = 7


@dataclass(frozen=True)
class Course:
    """How one network learns. loss: of output, target and input; better: the figure to print, of the same."""

    build: Callable[[], nn.Module]
    steps: int
    loss: Callable
    better: Callable
    rate: float = 2e-3
    batch: int = 32


def _class_loss(out, target, _x):
    return functional.cross_entropy(out, target, label_smoothing=0.05)


def _accuracy(out, target, _x):
    return (out.argmax(1) == target).float().mean()


def _mask_loss(out, target, _x):
    return functional.binary_cross_entropy_with_logits(out[:, 0], target.float(), pos_weight=torch.tensor(2.0))


def _overlap(out, target, _x):
    found, wanted = out[:, 0] > 0, target > 0
    return (found & wanted).sum() / (found | wanted).sum()


def _square_loss(out, _target, x):
    return functional.mse_loss(out, x)


def _cells(target):
    """Which cells of both grids hold a defect: N×180."""
    grids = [functional.adaptive_max_pool2d(target[:, None].float(), cells).flatten(1) for cells in others.CELLS]
    return torch.cat(grids, dim=1)


def _cell_loss(out, target, _x):
    wanted = _cells(target)
    return functional.binary_cross_entropy(out[..., 0], wanted) + functional.binary_cross_entropy(
        out[..., 1], 1 - wanted
    )


def _cell_accuracy(out, target, _x):
    return ((out[..., 0] > 0.5) == (_cells(target) > 0.5)).float().mean()


def _classifier(build, classes, steps, **more):
    return Course(lambda: build(classes), steps, _class_loss, _accuracy, **more)


COURSES = {
    "mobilenet-v2": _classifier(classifiers.mobilenet_v2, 16, 800),
    "mobilenet-v3": _classifier(classifiers.mobilenet_v3, 16, 900),
    "resnet-18": _classifier(classifiers.resnet_18, 7, 400),
    "shufflenet-v2": _classifier(classifiers.shufflenet_v2, 7, 900),
    "efficientnet-lite": _classifier(classifiers.efficientnet_lite, 16, 240),
    "ds-cnn": _classifier(classifiers.ds_cnn, 10, 900),
    "vision-transformer": _classifier(others.VisionTransformer, 16, 1500, rate=1e-3),
    "u-net": Course(others.UNet, 120, _mask_loss, _overlap, batch=16),
    "autoencoder": Course(others.autoencoder, 400, _square_loss, _square_loss),
    "detector": Course(lambda: others.Detector(7), 250, _cell_loss, _cell_accuracy),
}


def main(name: str, lesson: Path, out: Path) -> None:
    """Build, train, judge, export."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    course, begin = COURSES[name], time.perf_counter()
    with np.load(lesson) as stored:
        learn, target, judge, answer = (
            torch.from_numpy(stored[key]) for key in ("learn", "target", "judge", "judge_target")
        )
    network = course.build()
    _train(network, course, learn, target)
    network.eval()
    with torch.no_grad():
        reached = float(course.better(network(judge), answer, judge))
    partial = out.with_suffix(".partial")
    torch.onnx.export(
        network, (learn[:1],), str(partial), opset_version=OPSET, input_names=["input"], output_names=["output"],
        dynamo=False,
    )  # fmt: skip
    partial.rename(out)
    print(json.dumps({"network": name, "reached": round(reached, 4), "seconds": round(time.perf_counter() - begin, 1)}))


def _train(network: nn.Module, course: Course, learn, target) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), course.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, course.rate, course.steps)
    chance = np.random.default_rng(SEED)
    network.train()
    for _ in range(course.steps):
        chosen = torch.from_numpy(chance.choice(len(learn), course.batch, replace=False))
        x = learn[chosen]
        loss = course.loss(network(x), target[chosen], x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
