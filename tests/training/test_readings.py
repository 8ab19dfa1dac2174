"""From a logger's tables to a verdict on a sensor's readings that names the figure it rests on."""

import errno
import json
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge_contracts.bundle import read_bundle
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from lepton.cli import main
from training.dataset.sounds import read_waveform
from training.explain.figures import figure_shares
from training.explain.figures_page import figures_page


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def umask():
    """This process's mask, which can only be read by setting it."""
    found = os.umask(0o022)
    os.umask(found)
    return found


def press(path, seed, *, sticks=False):
    """Force over the travel of a press, and its vibration."""
    random = np.random.default_rng(seed)
    at = np.arange(800) / 200
    force = 5 * np.clip(at - 1, 0, None) + random.normal(0, 0.2, at.size)
    shake = np.sin(2 * np.pi * 20 * at + random.uniform(0, 6)) + random.normal(0, 0.3, at.size)
    if sticks:
        force[400:480] += 2
    rows = "".join(f"{t:.3f};{a:.4f};{b:.4f}\n".replace(".", ",") for t, a, b in zip(at, force, shake, strict=True))
    path.write_text("time;force;vibration\n" + rows)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Tables of 14 good parts, and of 6 good and 6 that stuck to judge by; as recordings, and what learned them."""
    home = tmp_path_factory.mktemp("press")
    for folder, count, sticks, start in (
        ("good", 14, False, 0),
        ("judged/good", 6, False, 50),
        ("judged/stuck", 6, True, 90),
    ):
        (home / "tables" / folder).mkdir(parents=True)
        for number in range(count):
            press(home / "tables" / folder / f"{number:02}.csv", start + number, sticks=sticks)
    made = call("data", "readings", home / "tables", "-o", home / "waves")
    assert "wrote 26 recordings of force, vibration" in made.output
    learned = call("train", home / "waves" / "good", "--readings", "-o", home / "press.bundle")
    assert learned.exit_code == 0, learned.output
    return home


def test_defects_among_the_readings_change_nothing_and_it_is_told(line, tmp_path):
    """They were taught to an ear for sounds, and the threshold was that of its scores."""
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "good").symlink_to(line / "waves" / "good")
    (tmp_path / "both" / "stuck").symlink_to(line / "waves" / "judged" / "stuck")
    both = call("train", tmp_path / "both", "--readings", "-o", tmp_path / "press.bundle", "--json")
    alone = call("train", line / "waves" / "good", "--readings", "-o", tmp_path / "alone.bundle", "--json")
    found, wanted = (json.loads(one.stdout) for one in (both, alone))
    assert (found["threshold"], found["labels"]) == (wanted["threshold"], None)
    assert "6 labelled defects were not learned: a sensor's readings" in found["note"]
    assert "were not learned" not in wanted["note"]


def test_parts_that_stuck_are_told_from_good_ones(line):
    judged = call("evaluate", line / "press.bundle", "--data", line / "waves" / "judged", "--json")
    assert json.loads(judged.output)["auroc"] == 1.0


def test_the_verdict_names_the_figure_and_what_would_be_usual(line):
    told = call("explain", line / "press.bundle", line / "waves/judged/stuck/00.wav", "--json")
    document = json.loads(told.output)
    first = document["figures"][0]
    assert document["verdict"] == "defect"
    # The press stuck in the fifth of eight stretches of half a second, by 2 for 0.4 s of it.
    assert first["name"] == "channel 1: level in stretch 5 of 8"
    assert first["found"] - first["usual"] == pytest.approx(1.6, abs=0.3)
    assert first["share_of_score"] > 0.3
    assert (
        "channel 1: level in stretch 5 of 8"
        in call("explain", line / "press.bundle", line / "waves/judged/stuck/00.wav").output
    )


def test_a_share_is_what_the_score_falls_by(line):
    """The greatest share cannot exceed the score, and a good part rests on no single figure as much."""
    shares = [
        json.loads(call("explain", line / "press.bundle", line / "waves/judged" / one, "--json").output)["figures"][0]
        for one in ("good/00.wav", "stuck/00.wav")
    ]
    assert 0 < shares[0]["share_of_score"] < shares[1]["share_of_score"] <= 1


def test_of_a_long_recording_the_most_suspicious_input_is_told(line):
    """A good part, then one that stuck: three inputs, half overlapping."""
    both = [read_waveform(line / "waves" / "judged" / one).values for one in ("good/00.wav", "stuck/00.wav")]
    bundle, whole = read_bundle(line / "press.bundle"), Window(np.concatenate(both), 200.0, 0, 1)
    predictor = Predictor.load(bundle)
    inputs = [replace(whole, values=whole.values[start : start + 800]) for start in (0, 400, 800)]
    worst = max(inputs, key=lambda one: predictor.predict(one).values[0])
    predictor.close()
    assert worst is not inputs[0]
    assert figure_shares(bundle, whole) == figure_shares(bundle, worst)


def test_the_same_readings_and_seed_give_the_same_bundle(line):
    (line / "again").mkdir()
    again = call("train", line / "waves" / "good", "--readings", "-o", line / "again" / "press.bundle", "--json")
    digests = [
        json.loads(call("bundle", "inspect", line / one / "press.bundle", "--json").output)["digest"]
        for one in ("", "again")
    ]
    assert again.exit_code == 0
    assert digests[0] == digests[1]


def test_repeatable_curves_are_no_copies_of_one_another(line):
    checked = call("data", "check", line / "waves", "--readings")
    assert "near-duplicates" not in checked.output
    assert "clipping" not in checked.output


def test_tables_that_do_not_agree_leave_nothing_behind(tmp_path):
    (tmp_path / "tables").mkdir()
    for name, heading in (("a", "time,force\n"), ("b", "time,travel\n")):
        (tmp_path / "tables" / f"{name}.csv").write_text(heading + "0,1\n1,2\n")
    refused = call("data", "readings", tmp_path / "tables", "-o", tmp_path / "waves")
    assert refused.exit_code == 2
    assert "same channels and rate in all tables, found force at 1 Hz and, in" in refused.output
    assert [one.name for one in tmp_path.iterdir()] == ["tables"]


def test_tables_that_are_not_there_are_named(tmp_path):
    told = CliRunner().invoke(main, ["data", "readings", str(tmp_path / "gone"), "-o", str(tmp_path / "waves")])
    assert told.exit_code == 2
    assert f"found nothing at {tmp_path / 'gone'}; check the path" in told.stderr


def test_two_tables_of_one_name_are_refused_before_one_is_lost(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("p.csv", "p.txt"):
        (tmp_path / "tables" / name).write_text("1\n2\n")
    refused = call("data", "readings", tmp_path / "tables", "-o", tmp_path / "waves", "--rate-hz", 10)
    assert "one table for each recording" in refused.output
    assert not (tmp_path / "waves").exists()


def test_a_rate_that_the_time_contradicts_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("time_ms,a\n0,1\n10,2\n20,3\n")
    assert "100 Hz in" in call("data", "readings", tmp_path / "a.csv", "-o", tmp_path / "w", "--rate-hz", 5000).output
    assert call("data", "readings", tmp_path / "a.csv", "-o", tmp_path / "w").exit_code == 0
    assert (tmp_path / "w").stat().st_mode & 0o077 == 0o777 & ~umask() & 0o077


def test_a_channel_that_always_switches_at_the_same_moment_does_not_hide_the_others(tmp_path):
    random = np.random.default_rng(0)
    for number in range(14):
        folder = tmp_path / "tables"
        folder.mkdir(exist_ok=True)
        force = random.normal(0, 1, 400)
        rows = "".join(f"{k / 100:.2f},{force[k]:.4f},{24 * (k > 200)}\n" for k in range(400))
        (folder / f"{number:02}.csv").write_text("time,force,valve\n" + rows)
    call("data", "readings", tmp_path / "tables", "-o", tmp_path / "waves")
    learned = call("train", tmp_path / "waves", "--readings", "-o", tmp_path / "x.bundle", "--json")
    assert learned.exit_code == 0, learned.output
    assert json.loads(learned.output)["threshold"]["value"] < 10


def test_tables_that_are_no_recordings_yet_say_what_makes_them_so(line, tmp_path):
    for folder in ("good", "judged"):
        refused = call("train", line / "tables" / folder, "--readings", "-o", tmp_path / "x.bundle")
        assert "becomes recordings with 'lepton data readings'" in refused.output


def test_pictures_for_a_bundle_of_readings_and_readings_for_one_of_pictures_are_refused(
    line, plate_bundle, plate_parts
):
    refused = call("evaluate", line / "press.bundle", "--data", plate_parts)
    assert (refused.exit_code, "wanted a recording for press, found a picture; give" in refused.output) == (2, True)
    refused = call("evaluate", plate_bundle, "--data", line / "waves" / "judged")
    assert (refused.exit_code, "wanted a picture for plate, found a recording; give" in refused.output) == (2, True)
    convert = ["convert", line / "press.bundle", "--profile", "rpi-4b", "--calibration", plate_parts]
    refused = call(*convert, "-o", line / "no.bundle")
    assert (refused.exit_code, "wanted recordings (.wav) for this model, found the pic" in refused.output) == (2, True)


@pytest.fixture(scope="module")
def heard(line):
    """What was told when the readings were learned as sounds; the bundle is `heard.bundle`."""
    return call("train", line / "waves" / "good", "--detector", "gauss", "-o", line / "heard.bundle").output


def test_readings_that_are_learned_as_sounds_are_doubted(line, heard, tmp_path):
    assert "note: heard recordings of 2 channels at 200 Hz as sounds; if a sensor" in heard
    read = call("train", line / "waves" / "good", "--readings", "-o", tmp_path / "x.bundle")
    assert "note:" not in read.output


@pytest.mark.usefixtures("heard")
def test_what_is_for_pictures_says_so_to_a_bundle_that_sees_none(line):
    recordings = line / "waves" / "judged"
    for words in (
        ("robustness", line / "heard.bundle", "--data", recordings),
        ("robustness", line / "press.bundle", "--data", recordings),
        ("explain", line / "heard.bundle", recordings / "stuck" / "00.wav"),
    ):
        refused = call(*words)
        assert (refused.exit_code, f"sees pictures for 'lepton {words[0]}', found" in refused.output) == (2, True)


@pytest.mark.parametrize("backbone", ["none", "own"])
def test_what_nothing_would_see_with_is_refused(line, tmp_path, backbone):
    words = ["train", line / "waves" / "good", "--readings", "--backbone", backbone, "-o", tmp_path / "x.bundle"]
    refused = call(*words)
    assert (refused.exit_code, "wanted either --readings or --backbone, found both" in refused.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_names_the_folder_that_was_asked_for(line, tmp_path, monkeypatch):
    def full(_path, _content):
        raise OSError(errno.ENOSPC, "No space left on device", "hidden")

    monkeypatch.setattr("training.readings_cli.write_whole", full)
    refused = call("data", "readings", line / "tables", "-o", tmp_path / "waves")
    assert (refused.exit_code, str(tmp_path / "waves") in str(refused.output)) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_rate_is_asked_for_where_no_column_tells_it(tmp_path):
    (tmp_path / "a.csv").write_text("1\n2\n")
    assert "say --rate-hz" in call("data", "readings", tmp_path / "a.csv", "-o", tmp_path / "waves").output
    assert call("data", "readings", tmp_path / "a.csv", "-o", tmp_path / "waves", "--rate-hz", 50).exit_code == 0


def test_the_page_draws_every_reading_and_the_figures(line, tmp_path):
    """A spike one reading wide reaches the top of its channel's curve."""
    told = call("explain", line / "press.bundle", line / "waves/judged/stuck/00.wav", "-o", tmp_path / "why.html")
    page = (tmp_path / "why.html").read_text("utf-8")
    assert told.exit_code == 0
    assert page.count("<svg") == 2
    assert "channel 1: level in stretch 5 of 8" in page
    values = np.zeros((5000, 1), np.float32)
    values[1234] = 9
    drawn = figures_page(
        {"figures": [], "recording": "", "bundle": "", "verdict": "", "score": 0, "threshold": None},
        Window(values, 0.0, 0, 1),
    )
    assert ",0.0 " in drawn


def test_photographs_are_no_readings_and_readings_have_no_neighbours(line, tmp_path):
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 64, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), pixels)
    assert (
        "wanted WAV files for --readings" in call("train", tmp_path, "--readings", "-o", tmp_path / "x.bundle").output
    )
    refused = call("explain", line / "press.bundle", line / "waves/judged/stuck/00.wav", "--data", line / "waves")
    assert "wanted no --data" in refused.output
