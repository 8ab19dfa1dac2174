"""`make bench-convert`: our converter against the field: same networks, inputs and machine, one run.

Environments, trained networks and drawn inputs are made on the first run, in the folder `LEPTON_BENCH` (`.bench` by
default), and kept. The folder of real data is `LEPTON_DATA`, `../shared/data` by default.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.convert.contenders import CONTENDERS, attempts
from tests.bench.convert.environments import REPOSITORY, make_environment
from tests.bench.convert.forms import write_forms
from tests.bench.convert.lessons import write_lesson
from tests.bench.convert.networks import NETWORKS
from tests.bench.convert.page import write_page
from tests.bench.convert.process import run
from tests.bench.convert.table import markdown
from tests.bench.convert.verdicts import REFERENCE, install_verdict, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.convert.contenders import Made
    from tests.bench.convert.environments import Environment
    from tests.bench.convert.networks import Network

JUDGE = Path(__file__).with_name("judge.py")
TRAIN = Path(__file__).parent / "trained" / "train.py"


def main() -> None:
    """Convert every network with every contender, judge, print and write the table."""
    asked = _arguments()
    cache: Path = asked.cache.resolve()
    environments = {name: make_environment(cache, name) for name in dict.fromkeys(c.environment for c in CONTENDERS)}
    chosen = [n for n in NETWORKS if not asked.only or any(word in n.name for word in asked.only)]
    rows: list[dict[str, Any]] = []
    for network in chosen:
        begin = time.perf_counter()
        rows.append(bench_network(network, cache, asked.data, environments))
        print(f"{network.name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
        write(document(environments, rows), asked.out)
    print(markdown(document(environments, rows)))


def document(environments: Mapping[str, Environment], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that a run found: machine, environments, networks and verdicts."""
    installed = _environments(environments)
    judged = [install_verdict(installed), *(verdict for row in rows for verdict in verdicts(row))]
    found = [asdict(verdict) for verdict in judged]
    return {"machine": _machine(), "environments": installed, "networks": rows, "verdicts": found}


def write(found: dict[str, Any], folder: Path) -> None:
    """After each network: a run that is cut short leaves what it found."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "convert.json").write_text(json.dumps(found, indent=1), "utf-8")
    (folder / "convert.md").write_text(markdown(found), "utf-8")
    write_page(found, folder / "convert.html")


def bench_network(network: Network, cache: Path, data: Path, environments: Mapping[str, Environment]) -> dict[str, Any]:
    """One row: every contender's file of one network, judged together in one process."""
    lesson = cache / "lessons" / f"{network.source}.npz"
    source = _trained(network, cache, data, lesson) if network.is_trained else data / network.source
    forms = write_forms(network, source, lesson, data, cache / "work" / network.name.replace(" ", "-"))
    made = attempts(CONTENDERS, forms, environments)
    files = {name: attempted.file for name, attempted in made.items() if attempted.file is not None}
    if network.reference:
        files[REFERENCE] = data / network.reference
    refused = {name: why for name, file in files.items() if (why := _judge(network, forms.folder, ["--open", file])[1])}
    running = {name: file for name, file in files.items() if name not in refused}
    judged, why = _judge(network, forms.folder, list(running.values()))
    judgements = dict(zip(running, judged, strict=True)) if not why else {}
    names = [*made, *([REFERENCE] if network.reference else [])]
    figures = {name: _figures(made.get(name), judgements.get(name), refused.get(name, why)) for name in names}
    return {"network": network.name, "judged_by": network.judged_by, "contenders": figures}


def _trained(network: Network, cache: Path, data: Path, lesson: Path) -> Path:
    write_lesson(data, network.source, lesson)
    path = cache / "networks" / f"{network.name}.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        python = make_environment(cache, "torch").python
        learned = run([python, TRAIN, network.name, lesson, path], cache, timeout_s=3600)
        if learned.error:
            raise RuntimeError(f"training {network.name}: {learned.error}")
        print(json.dumps(learned.said), file=sys.stderr)
    return path


def _judge(network: Network, folder: Path, files: list[str | Path]) -> tuple[list[dict[str, Any]], str]:
    """Judgements in the order of the files, or why there are none: in a process that may be taken down by a file."""
    found = run([sys.executable, JUDGE, folder, network.name, *files], REPOSITORY)
    return found.said.get("judgements", []), found.error


def _figures(made: Made | None, judgement: dict[str, Any] | None, refused: str) -> dict[str, Any]:
    outcome = made.outcome if made else None
    whole = made.whole if made else None
    error = (outcome.error if outcome else "") or (whole.error if whole else "")
    return {
        "error": error or ("" if judgement else refused),
        "process_s": outcome.wall_s if outcome else None,
        "cpu_s": outcome.cpu_s if outcome else None,
        "inside_s": outcome.said.get("inside_s") if outcome else None,
        "peak_mb": outcome.peak_mb if outcome else None,
        "whole_s": whole.wall_s if whole else None,
        "whole_peak_mb": whole.peak_mb if whole else None,
        "judgement": judgement,
    }


def _environments(environments: Mapping[str, Environment]) -> dict[str, Any]:
    by_contender = {contender.name: environments[contender.environment] for contender in CONTENDERS}
    return {name: {"megabytes": found.megabytes, "versions": found.versions} for name, found in by_contender.items()}


def _machine() -> dict[str, Any]:
    """With the load of the last minutes, the bench's own about 1: above it, other work slowed the conversions."""
    load = round(os.getloadavg()[2], 1)
    return {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": load,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("LEPTON_DATA", str(REPOSITORY.parent / "shared" / "data"))
    cache = os.environ.get("LEPTON_BENCH", str(REPOSITORY / ".bench"))
    parser.add_argument("--data", type=Path, default=Path(data))
    parser.add_argument("--cache", type=Path, default=Path(cache))
    parser.add_argument("--out", type=Path, default=Path(cache) / "out")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="networks whose name holds a word")
    return parser.parse_args()


if __name__ == "__main__":
    main()
