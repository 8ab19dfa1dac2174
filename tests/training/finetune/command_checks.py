"""`lepton train --network` from pictures to a bundle that a board runs, twice to the same bytes."""

import json
import wave
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_runtime.signals.feeder import Feeder
from lepton.cli import main
from tests.fakes.drawn_kinds import drawn_kinds
from training.dataset import read_dataset
from training.dataset.subjects import Recordings
from training.finetune import cost, pruning
from training.finetune.bundle import sample_of
from training.finetune.course import Course
from training.finetune.hearing import SCALING, sound_lesson
from training.finetune.lesson import Lesson
from training.finetune.loop import Room
from training.finetune.objective import Classes
from training.finetune.stages import CHOSEN, Plan, run_stages
from training.networks.network import NetworkSpec

FEW = Course(steps=2, batch=8, look_every=2)
COURSE = """
held_out = 0.25
[network]
width = 0.25
input_size = [32, 32]
[train]
steps = 30
batch = 16
look_every = 10
rate = 5e-3
turn_degrees = 0
[quantise]
steps = 4
"""


def lepton(*arguments):
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Dark and bright pictures, which any network tells apart, and what training them gave."""
    folder, random = tmp_path_factory.mktemp("work"), np.random.default_rng(0)
    for label, low in (("good", 20), ("bright", 130)):
        (folder / "parts" / label).mkdir(parents=True)
        for number in range(24):
            pixels = random.integers(low, low + 90, (40, 40, 3), np.uint8)
            cv2.imwrite(str(folder / "parts" / label / f"{number:02}.png"), pixels)
    (folder / "course.toml").write_text(COURSE)
    return folder


def train(work, name, *more):
    arguments = ["train", work / "parts", "--network", "ds-cnn", "--course", work / "course.toml", "--json", *more]
    return json.loads(lepton(*arguments, "-o", work / name))


def test_pictures_become_a_bundle_that_is_converted_judged_and_attacked(work):
    told = train(work, "lamp.bundle", "--checkpoints", work / "kept", "--curves", work / "curves.html")
    assert told["score"] == 1.0
    assert (told["labels"], told["good"]) == (["bright", "good"], ["good"])
    assert [stage["name"] for stage in told["stages"]] == ["train", "quantise"]
    assert told["pictures"] == {"learned": 36, "held_out": 12}
    assert "<polyline" in (work / "curves.html").read_text()

    again = train(work, "lamp.bundle", "--checkpoints", work / "kept")
    assert again["digest"] == told["digest"]

    lepton(
        "convert",
        work / "lamp.bundle",
        "--profile",
        "rpi-4b",
        "--calibration",
        work / "parts",
        "-o",
        work / "i8.bundle",
    )
    judged = json.loads(lepton("evaluate", work / "i8.bundle", "--data", work / "parts", "--json"))
    assert judged["auroc"] == 1.0
    rows = json.loads(
        lepton(
            "robustness", work / "i8.bundle", "--data", work / "parts", "--most", "2", "--json",
            "--gradients", work / "kept" / "network.pt2",
        )
    )["rows"]  # fmt: skip
    assert rows[0]["accuracy"] == 1.0
    assert [row["name"] for row in rows[31:]] == ["FGSM"] * 4 + ["PGD, 10 steps"] * 4


@pytest.mark.parametrize(("name", "measure"), [("u-net-lite", "overlap"), ("anchor-free", "F1")])
def test_what_is_drawn_becomes_a_bundle_that_judges(tmp_path, name, measure):
    rows = ["path,label,mask,boxes"]
    for number in range(12):
        pixels = np.random.default_rng(number).integers(50, 90, (32, 32, 3), np.uint8)
        mask = np.zeros((32, 32), np.uint8)
        if number % 2:
            pixels[8:20, 6:24], mask[8:20, 6:24] = 220, 255
        cv2.imwrite(str(tmp_path / f"{number}.png"), pixels)
        cv2.imwrite(str(tmp_path / f"{number}-mask.png"), mask)
        rows.append(f"{number}.png,dent,{number}-mask.png,6 8 18 12 dent" if number % 2 else f"{number}.png,good,,")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    (tmp_path / "course.toml").write_text(COURSE.partition("[quantise]")[0].replace("steps = 30", "steps = 2"))
    arguments = ["train", tmp_path, "--network", name, "--course", tmp_path / "course.toml", "--json"]
    told = json.loads(lepton(*arguments, "-o", tmp_path / "net.bundle"))
    assert "left out 6 files of the folder that its manifest does not list, such as" in told["note"]
    assert (told["measure"], told["labels"]) == (measure, ["good", "dent"] if name == "u-net-lite" else ["dent"])
    judged = json.loads(lepton("evaluate", tmp_path / "net.bundle", "--data", tmp_path, "--json"))
    assert (judged["good"], judged["defective"]) == (6, 6)


def test_a_recipe_says_how_views_differ_and_is_written_down(work, tmp_path):
    recipe, course = tmp_path / "recipe.toml", tmp_path / "course.toml"
    recipe.write_text('[light]\nbrightness = 0.1\n[cut_paste]\nchance = 0.2\nlabel = "bright"\n')
    course.write_text(COURSE.partition("turn_degrees")[0].replace("steps = 30", "steps = 2"))
    said = ("--course", course, "--augment", recipe)
    told = train(work, "by-recipe.bundle", *said)
    assert train(work, "by-recipe.bundle", *said)["digest"] == told["digest"]
    recipe.write_text(recipe.read_text().replace("0.1", "0.2"))
    assert train(work, "by-recipe.bundle", *said)["digest"] != told["digest"]
    step = read_bundle(work / "by-recipe.bundle").manifest.provenance[0]
    assert step.settings["recipe"] == {
        "light": {"brightness": 0.2},
        "cut_paste": {"chance": 0.2, "label": "bright"},
    }

    arguments = ["train", str(work / "parts"), "--network", "ds-cnn", "-o", str(tmp_path / "no.bundle")]
    two = CliRunner().invoke(main, [*arguments, "--course", str(work / "course.toml"), "--augment", str(recipe)])
    assert "found turn_degrees in [train] of the course beside --augment" in two.stderr
    recipe.write_text("[sound]\ngain_db = 3\n")
    deaf = CliRunner().invoke(main, [*arguments, "--augment", str(recipe)])
    assert "wanted a recipe that changes pictures" in deaf.stderr


def write_tone(path, hz, seed):
    random, at = np.random.default_rng(seed), np.arange(8000) / 8000
    sound = 0.2 * np.sin(2 * np.pi * hz * at) + random.normal(0, 0.02, at.size)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def test_recordings_become_a_bundle_that_listens_with_the_boards_front_end(tmp_path):
    for label, low in (("good", 400), ("squeal", 1600)):
        (tmp_path / "heard" / label).mkdir(parents=True)
        for number in range(8):
            write_tone(tmp_path / "heard" / label / f"{number}.wav", low + 40 * number, number)
    (tmp_path / "course.toml").write_text(
        "held_out = 0.25\n[network]\nwidth = 0.25\ninput_size = [16, 32]\n[train]\nsteps = 40\nlook_every = 40\n"
        "rate = 5e-3\n"
    )
    arguments = ["train", tmp_path / "heard", "--network", "ds-cnn", "--course", tmp_path / "course.toml"]
    told = json.loads(lepton(*arguments, "-o", tmp_path / "ear.bundle", "--json"))
    assert (told["medium"], told["labels"], told["score"]) == ("recordings", ["good", "squeal"], 1.0)
    heard = read_bundle(tmp_path / "ear.bundle").manifest.input
    assert (heard.kind, heard.rate_hz, heard.shape, heard.mel.bands) == ("sound", 8000, (1, 16, 32, 1), 32)
    convert = ["convert", tmp_path / "ear.bundle", "--profile", "rpi-4b", "--calibration", tmp_path / "heard"]
    lepton(*convert, "-o", tmp_path / "i8.bundle")
    judged = json.loads(lepton("evaluate", tmp_path / "i8.bundle", "--data", tmp_path / "heard", "--json"))
    assert judged["auroc"] > 0.9
    samples = read_dataset(tmp_path / "heard")
    lesson = sound_lesson(samples, told["labels"], heard)
    exact = np.concatenate([Feeder(heard).inputs(one) for one in Recordings(samples)])
    learned = np.concatenate([sample_of(one, heard, SCALING).values[..., 0] for one in lesson.pictures])
    assert np.abs(learned - exact).max() <= 0.5 / 127 + 1e-5  # a byte's rounding, and nothing else

    (tmp_path / "course.toml").write_text('[network]\ninput_size = [16, 32]\ncolour = "grey"\n')
    refused = CliRunner().invoke(main, [*map(str, arguments), "-o", str(tmp_path / "no.bundle")])
    assert "wanted no colour in [network] for recordings" in refused.stderr
    arguments[3] = "u-net-lite"
    refused = CliRunner().invoke(main, [*map(str, arguments), "-o", str(tmp_path / "no.bundle")])
    assert "wanted pictures for u-net-lite, found recordings" in refused.stderr


def test_stages_prune_to_their_target_and_remember_which_share_it_was(tmp_path):
    learned, held_out = (Lesson(*drawn_kinds(count, seed)) for count, seed in ((40, 1), (20, 2)))
    plan = Plan(NetworkSpec("ds-cnn", 10, 32, 32), FEW, FEW, 12_000.0, quantise=FEW)
    asked = []

    def size(network):
        asked.append(network)
        return float(sum(value.numel() for value in network.parameters()))

    room = Room(learned, held_out, Classes())
    train_, prune, quantise = run_stages(plan, room, cost=size, folder=tmp_path)
    assert size(prune.network) <= 12_000 < size(train_.network)
    assert size(quantise.network) < size(prune.network)  # normalisations are folded
    assert torch.load(tmp_path / CHOSEN, weights_only=True)["share"] == prune.share > 0
    asked.clear()
    again = run_stages(plan, room, cost=size, folder=tmp_path)[-1]
    assert not asked
    weights = zip(quantise.network.state_dict().values(), again.network.state_dict().values(), strict=True)
    assert all(bool((one == other).all()) for one, other in weights)


def test_a_target_in_milliseconds_is_met_by_the_file_that_is_made(work, monkeypatch):
    """The clock is a stand-in that counts bytes, so that the test is no slower or faster than its machine."""
    timed = []

    def by_its_bytes(_bench, bundle):
        timed.append(len(bundle.model) / 10_000)
        return timed[-1]

    monkeypatch.setattr(cost.Bench, "timed", by_its_bytes)
    monkeypatch.setattr(pruning, "TRIALS", 2)
    course = COURSE.partition("[quantise]")[0].replace("steps = 30", "steps = 2") + "[prune]\ntarget_ms = {}\n"
    (work / "quick.toml").write_text(course.format(0.9))
    told = train(work, "quick.bundle", "--course", work / "quick.toml")
    assert timed[-2] <= 0.9 < timed[-1]  # half of the channels had to go, a quarter was too few
    assert told["stages"][1]["channels_gone"] == 0.475
    (work / "quick.toml").write_text(course.format(0.1))
    arguments = [
        "train",
        work / "parts",
        "--network",
        "ds-cnn",
        "--course",
        work / "quick.toml",
        "-o",
        work / "no.bundle",
    ]
    refused = CliRunner().invoke(main, [str(one) for one in arguments])
    assert refused.exit_code == 2
    assert "wanted a network that costs at most 0.1, found that" in refused.stderr


@pytest.mark.parametrize("other", [{"target": 11_000.0}, {"unit": "ms"}, {"train": replace(FEW, seed=1)}])
def test_a_share_that_was_chosen_for_another_training_is_refused(tmp_path, other):
    learned, held_out = (Lesson(*drawn_kinds(count, seed)) for count, seed in ((40, 1), (20, 2)))
    room = Room(learned, held_out, Classes())
    plan = Plan(NetworkSpec("ds-cnn", 10, 32, 32), FEW, FEW, 12_000.0)
    run_stages(plan, room, cost=lambda _network: 10_000.0, folder=tmp_path)
    for name in ("train", "prune"):  # of the other training, too, begun anew
        (tmp_path / f"{name}.checkpoint").unlink()
    with pytest.raises(BadInputError, match=rf"found {tmp_path / CHOSEN} of other"):
        run_stages(replace(plan, **other), room, cost=lambda _network: 10_000.0, folder=tmp_path)
