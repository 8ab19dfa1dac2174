"""Train a tiny network with checkpoints in argv[1] and say each step: run by a test that kills it."""

import sys
from pathlib import Path

import torch

from tests.fakes.drawn_kinds import drawn_kinds
from training.finetune.course import Course
from training.finetune.lesson import Lesson
from training.finetune.loop import Room, train
from training.finetune.objective import Classes
from training.networks.network import NetworkSpec, build_network

SPEC = NetworkSpec("ds-cnn", 10, 32, 32, channels=3, width=0.25, dropout=0.2)
COURSE = Course(steps=12, batch=8, look_every=3, noise_bytes=4.0, adversarial_bytes=2.0, mirror=True)


def room():
    learned, held_out = (Lesson(*drawn_kinds(count, seed)) for count, seed in ((60, 1), (20, 2)))
    return Room(learned, held_out, Classes(0.05))


def trained(**more):
    torch.set_num_threads(1)
    return train(build_network(SPEC), room(), COURSE, **more)


if __name__ == "__main__":
    trained(checkpoint=Path(sys.argv[1]), progress=lambda done, _steps: print(done, flush=True))  # noqa: T201
