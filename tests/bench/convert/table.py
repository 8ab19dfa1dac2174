"""The results as Markdown: one table per demand, then how many cells are met, and who failed where."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.bench.convert.verdicts import OURS, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Document = Mapping[str, Any]
    Figure = Callable[[Mapping[str, Any]], str]

MARK = {True: "", False: " **miss**"}


def markdown(document: Document) -> str:
    """The whole page."""
    sections = [
        _head(document),
        _section(document, "Agreement with float (dB where it chooses nothing)", _agreement, ("agreement", "signal")),
        _section(document, "Bytes (weights only in brackets)", _size, ("size",)),
        _section(document, "Latency, ms (ours over theirs in brackets)", _latency, ("latency",)),
        _section(
            document,
            "Conversion file to file, s: whole process (after imports; processor time), median of three",
            _time,
            ("time",),
        ),
        _section(
            document,
            "`lepton convert` with gate, goldens and report, s, against the peer's process",
            _whole,
            ("whole",),
        ),
        _section(document, "Peak memory of all its processes, MB (the whole of `lepton convert`)", _memory, ()),
        _summary(document),
        _failures(document),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(document: Document) -> str:
    machine = document["machine"]
    lines = [f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}; latency on one thread."]
    lines += [f"Load of the last quarter of an hour {machine['load']}: beyond 2, other work slowed the conversions."]
    ours = document["environments"][OURS]["megabytes"]
    lines += ["", "| contender | installed MB | ours / theirs | |", "|---|---|---|---|"]
    for name, found in document["environments"].items():
        main = {key: found["versions"].get(key) for key in _MAIN if key in found["versions"]}
        said = ", ".join(f"{key} {version}" for key, version in main.items())
        met = not any(v["what"] == "megabytes" and v["peer"] == name and not v["met"] for v in document["verdicts"])
        ratio = f"{ours / found['megabytes']:.2f}{MARK[met]}"
        lines.append(f"| {name} | {found['megabytes']:.0f} | {ratio} | {said} |")
    return "\n".join(lines)


_MAIN = ("tensorflow_cpu", "ai-edge-quantizer", "onnxruntime", "ai-edge-litert", "numpy")


def _section(document: Document, title: str, figure: Figure, demands: tuple[str, ...]) -> str:
    names = list(document["environments"])
    if any(REFERENCE in row["contenders"] for row in document["networks"]):
        names.append(REFERENCE)
    missed = {(v["network"], v["peer"]) for v in document["verdicts"] if v["what"] in demands and not v["met"]}
    lines = [f"## {title}", "", f"| network | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    for row in document["networks"]:
        cells = [
            figure(row["contenders"][name]) + MARK[(row["network"], name) not in missed]
            if name in row["contenders"]
            else "–"
            for name in names
        ]
        lines.append(f"| {row['network']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _agreement(figures: Mapping[str, Any]) -> str:
    found = figures["judgement"]
    if found is None:
        return "fails"
    decibel = f"{found['signal_to_noise_db']:.1f} dB"
    return decibel if found["agreement"] is None else f"{100 * found['agreement']:.2f} % ({decibel})"


def _size(figures: Mapping[str, Any]) -> str:
    found = figures["judgement"]
    return "fails" if found is None else f"{found['bytes']:,} ({found['weight_bytes']:,})"


def _latency(figures: Mapping[str, Any]) -> str:
    found = figures["judgement"]
    return "fails" if found is None else f"{found['latency_ms']:.4f} ({found['latency_ratio']:.3f})"


def _time(figures: Mapping[str, Any]) -> str:
    if figures["process_s"] is None or figures["judgement"] is None:
        return "–"
    return f"{figures['process_s']:.2f} ({figures['inside_s'] or 0:.2f}; {figures['cpu_s'] or 0:.2f})"


def _whole(figures: Mapping[str, Any]) -> str:
    taken = figures["whole_s"] or (figures["process_s"] if figures["judgement"] else None)
    return "–" if taken is None else f"{taken:.2f}"


def _memory(figures: Mapping[str, Any]) -> str:
    if figures["peak_mb"] is None or figures["judgement"] is None:
        return "–"
    whole = f" ({figures['whole_peak_mb']:.0f})" if figures["whole_peak_mb"] else ""
    return f"{figures['peak_mb']:.0f}{whole}"


def _summary(document: Document) -> str:
    met, asked = Counter(), Counter()
    for verdict in document["verdicts"]:
        key = (verdict["peer"], verdict["what"])
        asked[key] += 1
        met[key] += verdict["met"]
    lines = ["## Demands met", "", "| against | demand | met | of |", "|---|---|---|---|"]
    lines += [f"| {peer} | {what} | {met[peer, what]} | {count} |" for (peer, what), count in asked.items()]
    return "\n".join(lines)


def _failures(document: Document) -> str:
    lines = [
        f"- {row['network']}, {name}: {figures['error']}"
        for row in document["networks"]
        for name, figures in row["contenders"].items()
        if figures["error"]
    ]
    return "\n".join(["## Who failed where", "", *lines]) if lines else ""
