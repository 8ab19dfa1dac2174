"""Training repeats itself to the byte, survives being killed, stops when nothing is gained, and learns."""

import hashlib
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from edge_contracts.errors import BadInputError
from tests.system.required import REPOSITORY
from tests.training.finetune.small_training import COURSE, SPEC, room, trained
from training.augmentation.recipe import Blur, Geometry, Light, Recipe
from training.finetune.altered_views import Alteration
from training.finetune.course import Course
from training.finetune.lesson import Lesson
from training.finetune.loop import Room, mean_score, train
from training.finetune.objective import Classes, Masks
from training.networks.network import build_network


def digest(network):
    values = (value.numpy().tobytes() for value in network.state_dict().values())
    return hashlib.sha256(b"".join(values)).hexdigest()


@pytest.fixture(scope="module")
def whole():
    """An undisturbed training."""
    return trained()


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(whole):
    torch.manual_seed(99)  # what others drew before does not matter
    assert digest(trained().network) == digest(whole.network)
    other = train(build_network(SPEC), room(), replace(COURSE, seed=1))
    assert digest(other.network) != digest(whole.network)


def test_a_training_that_is_killed_and_resumed_ends_with_the_same_bytes(whole, tmp_path):
    script = [sys.executable, "-m", "tests.training.finetune.small_training", str(tmp_path / "checkpoint")]
    child = subprocess.Popen(script, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        if int(line) == 8:  # two looks are saved, the third is two steps away
            child.send_signal(signal.SIGKILL)
            break
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    done = []
    resumed = trained(checkpoint=tmp_path / "checkpoint", progress=lambda step, _: done.append(step))
    assert done[0] in {7, 10}  # after step 6 or, where the kill came late, after step 9
    assert digest(resumed.network) == digest(whole.network)
    assert resumed.looks == whole.looks


def test_views_by_a_recipe_are_the_same_after_a_stop_and_those_of_another_are_refused(tmp_path):
    def altered(degrees):
        recipe = Recipe(geometry=Geometry(rotate_deg=degrees), light=Light(brightness=0.2), blur=Blur(focus_px=1))
        return replace(COURSE, adversarial_bytes=0.0, altered=Alteration(recipe, tuple("abcdefghij")))

    def stop(step, _):
        if step == 8:  # two looks are saved
            raise KeyboardInterrupt

    whole = train(build_network(SPEC), room(), altered(5))
    checkpoint = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        train(build_network(SPEC), room(), altered(5), checkpoint=checkpoint, progress=stop)
    with pytest.raises(BadInputError, match="another course"):
        train(build_network(SPEC), room(), altered(6), checkpoint=checkpoint)
    done = []
    resumed = train(
        build_network(SPEC), room(), altered(5), checkpoint=checkpoint, progress=lambda step, _: done.append(step)
    )
    assert done[0] == 7
    assert digest(resumed.network) == digest(whole.network)
    assert digest(train(build_network(SPEC), room(), altered(6)).network) != digest(whole.network)


def test_a_checkpoint_of_something_else_is_refused_and_a_damaged_one_too(tmp_path):
    trained(checkpoint=tmp_path / "checkpoint")
    with pytest.raises(BadInputError, match="another course, seed or start"):
        train(build_network(SPEC), room(), replace(COURSE, rate=1e-4), checkpoint=tmp_path / "checkpoint")
    with pytest.raises(BadInputError, match="another course"):
        train(build_network(replace(SPEC, dropout=0.5)), room(), COURSE, checkpoint=tmp_path / "checkpoint")
    (tmp_path / "checkpoint").write_bytes(b"PK nothing")
    with pytest.raises(BadInputError, match="delete it to begin anew"):
        trained(checkpoint=tmp_path / "checkpoint")


def test_a_disk_that_refuses_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    saved, sizes = torch.save, []

    def save_once(state, file):
        if sizes:
            file.write(b"half")
            raise OSError(28, "No space left on device")
        saved(state, file)
        sizes.append(file.tell())

    monkeypatch.setattr(torch, "save", save_once)
    with pytest.raises(OSError, match="No space"):
        trained(checkpoint=tmp_path / "checkpoint")
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("checkpoint", sizes[0])]


def test_training_stops_when_patience_is_over():
    still = replace(COURSE, rate=1e-12, steps=30, patience=2)
    looks = train(build_network(SPEC), room(), still).looks
    assert looks[-1].step < 30


def test_the_best_look_is_kept_not_the_last():
    judged = room()
    wild = train(build_network(SPEC), judged, replace(COURSE, rate=0.5, steps=24))
    assert wild.best.score == max(look.score for look in wild.looks) > wild.looks[-1].score
    assert mean_score(wild.network, judged) == pytest.approx(wild.best.score)


def test_a_loss_that_is_no_number_ends_the_training():
    with pytest.raises(BadInputError, match="lower the learning rate"):
        train(build_network(SPEC), room(), replace(COURSE, rate=1e30, adversarial_bytes=0.0, warm_up=0.0))


def test_a_network_learns_to_tell_dark_from_bright():
    random = np.random.default_rng(0)
    wanted = np.arange(80) % 2
    pictures = (random.integers(0, 120, (80, 32, 32, 3)) + 120 * wanted[:, None, None, None]).astype(np.uint8)
    halves = [Lesson(pictures[part], wanted[part]) for part in (slice(48), slice(48, None))]
    course = Course(steps=30, batch=16, look_every=10, rate=5e-3)
    network = build_network(replace(SPEC, outputs=2, dropout=0.0))
    assert train(network, Room(*halves, Classes()), course).best.score == 1.0


def test_a_student_comes_nearer_to_its_teacher():
    teacher = build_network(SPEC, seed=3).eval()
    student = build_network(SPEC, seed=4)
    course = replace(COURSE, taught=1.0, adversarial_bytes=0.0, steps=24)
    looks = train(student, room(), course, teacher=teacher).looks
    assert looks[-1].loss < 0.8 * looks[0].loss


def test_the_inputs_of_a_recording_answer_together_as_on_the_board():
    # The first of two classes is as likely as a byte is bright; one sure input outvotes two that waver.
    class Brightness(torch.nn.Module):
        def forward(self, x):
            bright = (x.mean(dim=(1, 2, 3)) + 1) / 2
            return torch.stack([bright, 1 - bright], dim=1).log()

    levels, wanted, recordings = ([250, 100, 120, 9, 9], [0, 0, 0, 1, 1], [7, 7, 7, 2, 2])
    pictures = np.array(levels, np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    by_input = Lesson(pictures, np.array(wanted, np.int64))
    heard = replace(by_input, recordings=np.array(recordings, np.int64))
    assert mean_score(Brightness(), Room(by_input, by_input, Classes())) == pytest.approx(3 / 5)
    assert mean_score(Brightness(), Room(heard, heard, Classes())) == 1.0
    uneven = heard.part(np.array([0, 1, 2]))
    assert mean_score(Brightness(), Room(heard, uneven, Classes())) == 1.0
    half = replace(heard, wanted=np.zeros(5, np.int64))  # one recording of two, not three inputs of five
    assert mean_score(Brightness(), Room(half, half, Classes())) == 0.5


def test_masks_are_scored_by_their_overlap():
    answers = torch.zeros(2, 2, 4, 4)
    answers[0, 1, :2] = 9.0  # the upper half found, the left half wanted
    wanted = torch.zeros(2, 4, 4, dtype=torch.uint8)
    wanted[0, :, :2] = 1
    assert Masks().score(answers, wanted).tolist() == pytest.approx([4 / 12, 1.0])
