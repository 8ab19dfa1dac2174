"""What calibration sees of a model."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest

from converters.execute import Kernels
from converters.isolation import trial
from converters.isolation.trial import CandidateFailedError, TrialChild
from converters.quantize.activation import Activation
from converters.quantize.calibrate import observe
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from converters.graph import Graph
    from converters.isolation.array_stream import Message

SHAPE = (1, 4, 4, 3)
ONES = {"stride_h": 1, "stride_w": 1}


@pytest.fixture(scope="module")
def child() -> Iterator[TrialChild]:
    with closing(TrialChild()) as running:
        yield running


def test_extremes_and_histogram_are_those_of_the_values(one_operator: Callable[..., Graph], child: TrialChild) -> None:
    graph = one_operator("ABS", [SHAPE], [SHAPE])
    values = np.random.default_rng(0).normal(0, 1, (20, *SHAPE)).astype(np.float32)
    seen = observe(graph, [{"in0": value} for value in values], child).activations
    assert (seen["in0"].lowest, seen["in0"].highest) == (values.min(), values.max())
    assert seen["out0"].lowest == np.abs(values).min()
    assert seen["out0"].histogram.sum() == values.size
    assert list(seen) == ["in0", "out0"]


def test_the_padding_of_a_maximum_is_not_signal(one_operator: Callable[..., Graph], child: TrialChild) -> None:
    margins = np.array([(0, 0), (1, 1), (1, 1), (0, 0)], np.int32)
    graph = one_operator("PADV2", [SHAPE, margins, np.array([-3e38], np.float32)], [(1, 6, 6, 3)])
    seen = observe(graph, [{"in0": np.full(SHAPE, 2, np.float32)}], child).activations
    assert (seen["out0"].lowest, seen["out0"].highest) == (2, 2)


def test_a_model_that_gives_nan_is_refused_with_the_tensor(
    one_operator: Callable[..., Graph], child: TrialChild
) -> None:
    graph = one_operator("SQRT", [SHAPE], [SHAPE])
    with pytest.raises(BadInputError, match="NaN or infinity in 'out0' for sample 1"):
        observe(graph, [{"in0": np.ones(SHAPE, np.float32)}, {"in0": -np.ones(SHAPE, np.float32)}], child)


def test_progress_rises_to_one(one_operator: Callable[..., Graph], child: TrialChild) -> None:
    told: list[float] = []
    graph = one_operator("ABS", [SHAPE], [SHAPE])
    observe(graph, [{"in0": np.ones(SHAPE, np.float32)}] * 3, child, told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_same_samples_give_the_same_observations_whichever_lane_is_faster(
    one_operator: Callable[..., Graph], child: TrialChild
) -> None:
    graph = one_operator(
        "CONV_2D", [SHAPE, np.ones((2, 3, 3, 3), np.float32), np.zeros(2, np.float32)], [(1, 4, 4, 2)], **ONES
    )
    feeds = [{"in0": value} for value in np.random.default_rng(0).normal(0, 1, (9, *SHAPE)).astype(np.float32)]
    first = observe(graph, feeds, child)
    for _ in range(5):
        again = observe(graph, feeds, child)
        assert again.patches["out0"].tobytes() == first.patches["out0"].tobytes()
        for name, seen in first.activations.items():
            found = again.activations[name]
            assert (found.lowest, found.highest) == (seen.lowest, seen.highest)
            assert found.histogram.tobytes() == seen.histogram.tobytes()


def test_every_lane_gives_a_sign_of_each_sample_and_none_is_left_for_the_next_question(
    one_operator: Callable[..., Graph], child: TrialChild
) -> None:
    graph = one_operator("ABS", [SHAPE], [SHAPE])
    for count in (50, 4):
        told: list[float] = []

        def slow(done: float, told: list[float] = told) -> None:
            told.append(done)
            time.sleep(0.2)

        observe(graph, [{"in0": np.ones(SHAPE, np.float32)}] * count, child, slow)
        assert told == sorted(told)
        assert len(set(told)) == len(told)
        assert told[-1] == 1


def test_answers_are_heard_of_the_samples_that_somebody_judges_by(
    one_operator: Callable[..., Graph], child: TrialChild
) -> None:
    heard: dict[int, list[np.ndarray]] = {}
    listener = mock.Mock(watched=["out0", "in0"], places=[1, 4], hear=heard.__setitem__)
    feeds = [{"in0": np.full(SHAPE, -place, np.float32)} for place in range(6)]
    observe(one_operator("ABS", [SHAPE], [SHAPE]), feeds, child, listener=listener)
    assert {place: [value.tolist() for value in values] for place, values in heard.items()} == {
        place: [np.full(SHAPE, place).tolist(), np.full(SHAPE, -place).tolist()] for place in (1, 4)
    }


@pytest.mark.parametrize(
    ("lane", "harm", "told"),
    [
        (0, "os.abort()", "with signal 6"),
        (1, "os.abort()", "RuntimeError: half of the samples ended with signal 6"),
        (1, "os._exit(3)", "RuntimeError: half of the samples ended with exit code 3"),
        (1, "lambda: 'nothing that a pipe takes'", "RuntimeError: half of the samples ended with exit code 1"),
        (1, "[][0]", "IndexError: list index out of range"),
    ],
)
def test_a_float_model_that_ends_its_process_ends_no_converter(
    lane: int, harm: str, told: str, one_operator: Callable[..., Graph], lanes_do: Callable[[str], None]
) -> None:
    lanes_do(f"({harm}) if places[0] == {lane} else run(question, places, sign)")
    feeds = [{"in0": np.ones(SHAPE, np.float32)}] * 4
    with closing(TrialChild()) as child, pytest.raises(CandidateFailedError, match=rf"the float model .*{told}"):
        observe(one_operator("ABS", [SHAPE], [SHAPE]), feeds, child)


def test_a_float_model_that_never_answers_is_ended(
    one_operator: Callable[..., Graph], lanes_do: Callable[[str], None]
) -> None:
    lanes_do("signal.pause()")
    graph, feeds = one_operator("ABS", [SHAPE], [SHAPE]), [{"in0": np.ones(SHAPE, np.float32)}] * 4
    with closing(TrialChild()) as child:
        child.run(write_tflite(graph), feeds, Kernels.XNNPACK)
        child._timeout_s = 0.3
        with pytest.raises(CandidateFailedError, match=r"the float model gave no sign for 0\.3 s"):
            observe(graph, feeds, child)


def test_a_lane_whose_parent_is_gone_runs_nothing(tmp_path: Path) -> None:
    """No signal tells it of a death before it asked for one."""
    ran = tmp_path / "ran"
    program = (
        "import os, sys, time\nfrom converters.quantize import observing\n"
        "observing.die_with_parent = lambda: time.sleep(0.5)\n"
        f"with observing._apart(lambda: open({str(ran)!r}, 'w')):\n    os._exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 7
    assert not ran.exists()


def test_a_model_that_is_slow_but_gives_signs_has_its_time(
    one_operator: Callable[..., Graph], lanes_do: Callable[[str], None]
) -> None:
    """The child may start slowly, too: only what lies between signs counts."""
    lanes_do("[(time.sleep(0.1), sign()) for _ in range(20)] and run(question, places, sign)")
    graph, feeds = one_operator("ABS", [SHAPE], [SHAPE]), [{"in0": np.ones(SHAPE, np.float32)}]
    with closing(TrialChild()) as child:
        child.run(write_tflite(graph), feeds, Kernels.XNNPACK)
        child._timeout_s = 1.2
        assert observe(graph, feeds, child).activations["out0"].highest == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda found: {**found, "histogram 0": found["histogram 0"][:5]},
        lambda found: {**found, "histogram 0": found["histogram 0"].astype("f4")},
        lambda found: {**found, "extremes": found["extremes"] * np.nan},
        lambda found: {**found, "extremes": found["extremes"][:, :1]},
        lambda found: {**found, "patch 0": found["patch 0"] * np.nan},
        lambda found: {**found, "patch 0": found["patch 0"][:1]},
        lambda _: {},
    ],
)
def test_numbers_of_another_form_are_no_observation(
    harm: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    one_operator: Callable[..., Graph],
    child: TrialChild,
) -> None:
    honest = child.work

    def harmed(step: str, question: Message, signs: Callable[[int], None]) -> Message:
        found = honest(step, question, signs)
        return replace(found, arrays=harm(found.arrays))

    graph = one_operator(
        "CONV_2D", [SHAPE, np.ones((2, 3, 3, 3), np.float32), np.zeros(2, np.float32)], [(1, 4, 4, 2)], **ONES
    )
    with (
        mock.patch.object(child, "work", harmed),
        pytest.raises(CandidateFailedError, match="has harmed the process"),
    ):
        observe(graph, [{"in0": np.ones(SHAPE, np.float32)}], child)


def test_an_operator_without_an_output_place_has_no_patch_and_harms_nothing(
    one_operator: Callable[..., Graph], child: TrialChild
) -> None:
    weights, options = np.zeros((2, 5, 5, 3), np.float32), {"padding": "VALID", **ONES}
    graph = one_operator("CONV_2D", [SHAPE, weights, np.zeros(2, np.float32)], [(1, 0, 0, 2)], **options)
    assert observe(graph, [{"in0": np.ones(SHAPE, np.float32)}], child).patches == {}


@pytest.mark.parametrize("count", [1, 7])
def test_a_patch_is_the_mean_of_what_the_weights_are_multiplied_with(
    count: int, one_operator: Callable[..., Graph], child: TrialChild
) -> None:
    weights = np.zeros((2, 2, 2, 3), np.float32)
    options = {"padding": "VALID", "stride_h": 2, "stride_w": 2}
    graph = one_operator("CONV_2D", [SHAPE, weights, np.zeros(2, np.float32)], [(1, 2, 2, 2)], **options)
    values = np.random.default_rng(0).normal(0, 1, (count, *SHAPE)).astype(np.float32)
    patches = observe(graph, [{"in0": value} for value in values], child).patches
    windows = values.reshape(count, 2, 2, 2, 2, 3)  # sample, row, row of the window, column, column of the window
    assert list(patches) == ["out0"]
    np.testing.assert_allclose(patches["out0"], windows.mean(axis=(0, 1, 3)), atol=1e-6)


@pytest.fixture
def lanes_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets a child's lanes do something else."""

    def set_expression(expression: str) -> None:
        (tmp_path / "other_child.py").write_text(
            "import os, signal, time\nfrom converters.isolation import trial_child\n"
            "from converters.quantize import observing\nrun = observing._run\n"
            f"observing._run = lambda question, places, sign: {expression}\ntrial_child.main()",
            "utf-8",
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(trial, "CHILD", "other_child")

    return set_expression


@pytest.mark.parametrize("channels", [2, 4, 16])
def test_the_values_that_are_counted_are_of_every_channel(channels: int) -> None:
    seen = Activation("picture", samples=1000)
    seen.add(0, np.broadcast_to(np.arange(channels, dtype=np.float32), (1, 64, 64, channels)))
    assert np.count_nonzero(seen.observation().histogram) >= channels
