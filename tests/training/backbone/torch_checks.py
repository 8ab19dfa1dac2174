"""Run by test_with_torch.py with the Python of the PyTorch environment: the same seed gives the same backbone."""

import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from converters.execute import Session
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from training.backbone.assembly import CENTRE, SPREAD, UNSEEN, float_graph, int8_file, real_picture
from training.backbone.distillation import Distillation, Schedule
from training.backbone.drawing import drawn_picture
from training.backbone.lessons import Lessons
from training.backbone.student import StudentNetwork

PICTURES, SIDE_PX, CHANNELS = 620, 32, 8
SHORT = Schedule(steps=8, batch=4, warm_up=2, save_every=3)


@cache
def lessons():
    """A teacher that sees mixtures of the mean colours of its cells."""
    pictures = np.stack([drawn_picture(4, number, SIDE_PX) for number in range(PICTURES)])
    cells = pictures.reshape(PICTURES, 2, 16, 2, 16, 3).mean((2, 4)) / 64
    maps = (cells @ np.random.default_rng(0).normal(size=(3, CHANNELS))).astype(np.float16)
    maps += np.random.default_rng(1).normal(0, 0.1, maps.shape).astype(np.float16)
    return Lessons((pictures,), (maps,))


def weights(taught):
    return b"".join(layer.weights.tobytes() + layer.bias.tobytes() for layer in taught.layers)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    torch.set_num_threads(1)
    checkpoint = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    return Distillation(lessons(), SHORT, 3, checkpoint).run()


def test_a_run_that_was_killed_and_resumed_gives_the_same_weights(undisturbed, tmp_path):
    checkpoint = tmp_path / "checkpoint.pt"
    np.save(tmp_path / "pictures.npy", lessons().pictures[0])
    np.save(tmp_path / "maps.npy", lessons().maps[0])
    child = subprocess.run([sys.executable, __file__, str(tmp_path)], cwd=Path.cwd(), check=False)
    assert child.returncode == -signal.SIGKILL
    assert torch.load(checkpoint, weights_only=True)["step"] == 3
    assert weights(Distillation(lessons(), SHORT, 3, checkpoint).run()) == weights(undisturbed)


def test_another_seed_gives_another_network(undisturbed, tmp_path):
    assert weights(Distillation(lessons(), SHORT, 4, tmp_path / "c.pt").run()) != weights(undisturbed)


@pytest.mark.parametrize("what", ["schedule", "seed", "teacher"])
def test_a_checkpoint_of_another_run_is_refused_and_stays(tmp_path, what):
    checkpoint = tmp_path / "checkpoint.pt"
    brief = Schedule(steps=1, batch=4, save_every=1)
    Distillation(lessons(), brief, 3, checkpoint).run()
    before = checkpoint.read_bytes()
    other = Distillation(
        Lessons(lessons().pictures, tuple(2 * shard for shard in lessons().maps)) if what == "teacher" else lessons(),
        SHORT if what == "schedule" else brief,
        4 if what == "seed" else 3,
        checkpoint,
    )
    with pytest.raises(BadInputError, match="wanted a checkpoint of this very training"):
        other.run()
    assert checkpoint.read_bytes() == before


def test_what_is_learned_holds_for_pictures_that_were_not_learned_from(tmp_path):
    long = Schedule(steps=60, batch=16, warm_up=5, save_every=60)
    taught = Distillation(lessons(), long, 0, tmp_path / "c.pt").run()
    assert taught.explained > 0.3


def test_the_file_computes_what_the_module_computes():
    torch.manual_seed(0)
    student = StudentNetwork(CHANNELS)
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    student.eval()
    pixels = drawn_picture(9, 9, 224)
    values = torch.from_numpy((pixels[None].astype(np.float32) - CENTRE) / SPREAD).permute(0, 3, 1, 2)
    wanted = student(values).detach().permute(0, 2, 3, 1).numpy()
    session = Session(write_tflite(float_graph(student.layers())))
    session.run({"image": real_picture(pixels)})
    (found,) = session.outputs()
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_the_int8_file_takes_the_cameras_bytes_and_keeps_what_was_learned(undisturbed):
    content = int8_file(undisturbed.layers, 0)
    assert content == int8_file(undisturbed.layers, 0)
    session, exact = Session(content), Session(write_tflite(float_graph(undisturbed.layers)))
    found, wanted = [], []
    for number in range(8):
        pixels = drawn_picture(1, UNSEEN + 1000 + number, 224)
        session.run({"image": (pixels[None].astype(np.int16) - 128).astype(np.int8)})
        exact.run({"image": real_picture(pixels)})
        found.append(session.outputs()[0].ravel())
        wanted.append(exact.outputs()[0].ravel())
    assert np.corrcoef(np.concatenate(found), np.concatenate(wanted))[0, 1] > 0.98


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    drawn = Lessons((np.load(folder / "pictures.npy"),), (np.load(folder / "maps.npy"),))
    run = Distillation(drawn, SHORT, 3, folder / "checkpoint.pt")
    run.run(lambda step, _loss: os.kill(os.getpid(), signal.SIGKILL) if step == 5 else None)
