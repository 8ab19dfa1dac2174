"""A detector is taught the boxes that the board's own decoder reads back."""

import numpy as np
import pytest
import torch

from training.finetune.boxes import Boxes, f1
from training.finetune.course import Course
from training.finetune.lesson import Lesson
from training.finetune.loop import Room, train
from training.networks.anchor_free import BINS
from training.networks.network import NetworkSpec, build_network

TASK = Boxes(2, 64, 64)


def perfect(wanted):
    """Answers that say exactly what is wanted."""
    answering, label, reach = TASK._targets(wanted)
    answers = torch.full((*answering.shape, 4 * BINS + 2), -12.0)
    bins = torch.full((*answering.shape, 4, BINS), -30.0)
    low = reach.floor().long()
    for step, share in ((low, 1 - (reach - low)), (low + 1, reach - low)):
        bins.scatter_(-1, step[..., None], torch.log(share.clamp(min=1e-9))[..., None])
    answers[..., : 4 * BINS] = bins.flatten(2)
    places = answering.nonzero()
    answers[places[:, 0], places[:, 1], 4 * BINS + label[places[:, 0], places[:, 1]]] = 12.0
    return answers


@pytest.mark.parametrize(
    "box", [[0, 10, 12, 30, 28], [1, 2, 2, 62, 60], [1, 13, 13, 20, 20], [0, 0, 0, 64, 9]], ids=str
)
def test_what_is_taught_is_what_the_board_reads(box):
    wanted = torch.tensor([[box, [-1, 0, 0, 0, 0]]], dtype=torch.float32)
    assert TASK.score(perfect(wanted), wanted).tolist() == [1.0]
    assert float(TASK.loss(perfect(wanted), wanted)) < 0.75  # the entropy of distances between two bins is left
    assert float(TASK.loss(perfect(wanted), wanted)) < float(TASK.loss(torch.zeros(1, 80, 34), wanted)) / 2


def test_nothing_wanted_and_nothing_found_is_right():
    none = torch.full((1, 1, 5), -1.0)
    assert TASK.score(torch.full((1, 80, 34), -9.0), none).tolist() == [1.0]
    assert torch.isfinite(TASK.loss(torch.full((1, 80, 34), -9.0), none))


def test_a_box_counts_once_and_only_for_its_class():
    box = np.array([[0, 0, 10, 10]], np.float32)
    twice, labels = np.repeat(box, 2, axis=0), np.array([0, 0])
    assert f1(twice, labels, box, np.array([0])) == pytest.approx(2 / 3)
    assert f1(box, np.array([1]), box, np.array([0])) == 0.0


def test_a_detector_learns_where_a_bright_patch_is():
    random = np.random.default_rng(0)
    pictures = np.full((48, 64, 64, 3), 60, np.uint8)
    boxes = np.full((48, 1, 5), -1, np.float32)
    for picture, rows in zip(pictures[:40], boxes, strict=False):
        x, y = random.integers(0, 36, 2)
        side = int(random.integers(14, 26))
        picture[y : y + side, x : x + side] = 220
        rows[0] = (0, x, y, x + side, y + side)
    learned = Lesson(pictures, boxes)
    network = build_network(NetworkSpec("anchor-free", 1, 64, 64, width=0.25))
    course = Course(steps=60, batch=8, rate=1e-2, look_every=30, turn_degrees=0)
    assert train(network, Room(learned, learned, Boxes(1, 64, 64)), course).best.score > 0.4
