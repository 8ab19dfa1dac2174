"""What is told at the end of a conversion is short, aligned and complete enough to decide."""

from datetime import datetime, timezone
from pathlib import Path

import pytest

from converters.outcome import MOST_LINES, told
from edge_contracts.card import Card, GateResult, Measurement

KERNELS = "litert 2.3.0, xnnpack"


def card(notes=(), reasons=(), details=None, **values):
    metrics = {"float_model_bytes": 43_392, "model_bytes": 38_976, "float_latency_ms": 0.064, "latency_ms": 0.057}
    places = {"latency_ms": "x86_64, 1 thread, not the board"}
    return Card(
        created=datetime(2025, 3, 1, tzinfo=timezone.utc),
        tool="lepton-edge 0",
        profile="rpi-4b",
        calibration="100 arrays from kws",
        gate=GateResult(verdict="forced" if reasons else "passed", samples=100, reasons=reasons, kernels=KERNELS),
        metrics=tuple(
            Measurement(name=name, value=value, unit="1", where=places.get(name, _where(name)))
            for name, value in (metrics | values).items()
        ),
        notes=notes,
        details=details or {},
    )


def _where(name):
    return "litert 2.3.0, builtin kernels" if name.endswith("_builtin") else f"{KERNELS} kernels"


def lines(*arguments, steps=(), **values):
    return told(Path("kws.bundle"), "7fa948a34c503df2" * 4, card(*arguments, **values), steps).splitlines()


def test_both_kernel_sets_and_the_float_model_stand_in_one_line():
    line = next(
        line for line in lines(accuracy_float=0.94, accuracy=0.93, accuracy_builtin=0.935) if "accuracy" in line
    )
    assert " ".join(line.split()) == "accuracy 94.00 % 93.00 % with xnnpack; 93.50 % with builtin"


def test_figures_of_float_and_converted_end_in_the_same_columns():
    shown = lines(accuracy_float=0.94, accuracy=0.93)
    ends = [shown[1].index("float") + 5, shown[1].index("converted") + 9]
    assert (shown[2].index("43,392") + 6, shown[2].index("38,976") + 6) == (ends[0], ends[1])
    assert shown[4].index("94.00 %") + 7 == ends[0]


def test_the_gate_names_the_kernels_and_gives_each_reason():
    shown = "\n".join(lines((), ("wanted at most 1 point, found 7",)))
    assert "forced on 100 arrays from kws, judged with litert 2.3.0, xnnpack" in shown
    assert "wanted at most 1 point, found 7" in shown


def test_a_model_that_is_not_judged_tells_its_noise():
    assert any("31.2  dB above the noise" in line for line in lines(signal_to_noise_db=31.2))


@pytest.mark.parametrize("words", [1, 30, 60, 200])
def test_what_the_doctor_says_fills_a_screen_with_whole_sentences(words):
    sentences = [f"{name} " + "word " * words + "end." for name in ("first", "second", "third")]
    shown = lines((), (), {"doctor": {"sentences": sentences}}, accuracy=0.9, agreement=0.99, steps=["all new"])
    told = " ".join(line[13:].strip() for line in shown)
    assert len(shown) <= MOST_LINES
    assert all((" ".join(sentence.split()) in told) == (sentence.split()[0] in told) for sentence in sentences)
    assert any("and more: lepton bundle inspect" in line for line in shown) == ("third" not in told)
    assert shown[-1].endswith("lepton bundle extract kws.bundle -o kws-report --only report")


def test_notes_are_told_to_their_end_however_many_there_are():
    notes = tuple(f"note {place} " + "word " * 60 + "end" for place in range(9))
    shown = lines(notes, (), {"doctor": {"sentences": ["conv_3 loses most."]}})
    told = " ".join(line[13:].strip() for line in shown)
    assert all(note in told for note in notes)
    assert any("and more: lepton bundle inspect kws.bundle" in line for line in shown)


def test_lines_to_copy_are_quoted_where_a_name_has_blanks():
    details = {"doctor": {"sentences": ["long " * 300]}}
    shown = told(Path("my parts/c 16.bundle"), "7fa948a34c503df2" * 4, card((), (), details)).splitlines()
    assert shown[-2].endswith("lepton bundle inspect 'my parts/c 16.bundle'")
    assert shown[-1].endswith("lepton bundle extract 'my parts/c 16.bundle' -o 'c 16-report' --only report")


def test_a_long_sentence_is_folded_under_its_label():
    sentence = " ".join(f"block_{n}/depthwise/Relu6" for n in range(12))
    shown = lines((), (), {"doctor": {"sentences": [sentence]}})
    start = next(place for place, line in enumerate(shown) if line.startswith("  layers"))
    assert max(map(len, shown)) <= 120
    assert " ".join(line[13:] for line in shown[start:-1]) == sentence


def test_a_bundle_that_was_replaced_is_named():
    shown = told(Path("kws.bundle"), "7fa948a34c503df2" * 4, card(), (), "0123456789abcdef" * 4)
    assert shown.splitlines()[0].endswith("for rpi-4b, replaced 0123456789abcdef")
    assert "replaced" not in lines()[0]


def test_a_size_that_is_not_the_given_files_says_so():
    given = Measurement(
        name="float_model_bytes", value=43_392, unit="B", where="as TFLite, not the file that was given"
    )
    changed = card().model_copy(update={"metrics": (given, *card().metrics[1:])})
    shown = told(Path("kws.bundle"), "7fa948a34c503df2" * 4, changed).splitlines()
    assert shown[2].endswith("bytes, -10.2 %; float as TFLite, not the file that was given")


def test_a_model_that_is_not_judged_tells_its_noise_with_either_kernels():
    shown = lines(signal_to_noise_db=31.53, signal_to_noise_db_builtin=30.04)
    line = next(line for line in shown if "signal" in line)
    assert " ".join(line.split()) == "signal 31.5 dB above the noise with xnnpack; 30.0 with builtin"


def test_scores_that_are_noisier_than_their_output_are_named_beside_it():
    shown = lines(signal_to_noise_db=33.12, part_signal_to_noise_db=16.06)
    place = next(place for place, line in enumerate(shown) if "signal" in line)
    assert "33.1  dB above the noise" in shown[place]
    assert shown[place + 1].strip() == f"16.1 dB in {KERNELS} kernels"
