"""The page docs/reference/profiles.md, written from the models and the board files so that it cannot drift.

`python -m device_profiles.reference > docs/reference/profiles.md` writes it anew; a test compares.
"""

from __future__ import annotations

import sys

from device_profiles.board import (
    Accelerator,
    Limits,
    Power,
    Processor,
    Profile,
    Quantisation,
    Runtime,
    System,
)
from device_profiles.description import figures_of
from device_profiles.figures import Figure, LatencyRow, LatencySeries, Source, Table
from device_profiles.markdown import keys_of, table
from device_profiles.profile import load_profile, profile_names

_HEAD = """\
# Board profiles

Written by `python -m device_profiles.reference`; change `device_profiles/boards/*.toml` or the models, not this page.

A profile says what a board is, what to install on it, what the converter should aim at, and how much the gate lets it
lose. `lepton profile list` names the boards, `lepton profile show NAME` explains one, and wherever a command takes
`--profile NAME` it takes the path of your own `.toml` file as well.

Every figure is `{ value = …, unit = …, source = "key" }`, and the key stands in the file's `[sources]` with a title and
an address. A figure without a source is refused, and so is an unknown key. What nobody published is absent.
"""

_DECISIONS = """\
## Decisions

Figures whose source is `house` are choices of Lepton Edge:

- **The gate lets go 1 point of accuracy and 0.005 AUROC.** A careful conversion to int8 stays within both; a larger
  loss has a cause that can be found and should not be shipped unseen. Put other limits into a file of your own.
- **int8, and float for what int8 cannot hold.** int16 activations are not delegated to XNNPACK: measured on x86-64 with
  LiteRT 2.3.0 on one thread they were 10 to 126 times slower. With ONNX Runtime's static quantisation, uint8
  activations with int8 weights per channel were the quickest on the processor.
- **Fully connected layers have a scale per channel** on boards with XNNPACK: MLPerf Tiny's anomaly autoencoder gains
  5 dB by it (41.5 to 46.9) for 3 % more bytes in the same time. A layer whose channels are alike keeps one scale all
  the same; the ends of MLPerf Tiny's classifiers do.
- **One thread on x86-64.** The profile stands for no one machine, and one thread is right on all of them.
- **Memory is that of the smallest variant on sale**, so that a bundle fits each board of its name.
"""

_PARTS: tuple[tuple[str, type[Table]], ...] = (
    ("the file", Profile),
    ("`[cpu]`", Processor),
    ("`[accelerator]`", Accelerator),
    ("`[[systems]]`", System),
    ("`[[runtimes]]`", Runtime),
    ("`[quantisation]`", Quantisation),
    ("`[limits]`", Limits),
    ("`[power]`", Power),
    ("`[[latency]]`", LatencySeries),
    ("`rows` of a latency series", LatencyRow),
    ("`[sources.KEY]`", Source),
    ("a figure", Figure),
)


def reference() -> str:
    """The whole page, in Markdown."""
    boards = [_board(load_profile(name)) for name in profile_names()]
    return "\n".join(
        [
            _HEAD,
            _DECISIONS,
            "## The form of a board file\n",
            *(keys_of(*part) for part in _PARTS),
            "## Boards\n",
            *boards,
        ]
    )


def _board(profile: Profile) -> str:
    figures = [(label, str(f), f.note or "", _link(profile, f.source)) for label, f in figures_of(profile)]
    cpu = profile.cpu
    lines = [
        f"### `{profile.name}`: {profile.title}\n",
        f"{cpu.soc}, {cpu.core}, {cpu.architecture}; stock system {profile.stock_system.name} "
        f"with Python {profile.stock_system.python}.\n",
        *([f"{profile.python_note}\n"] if profile.python_note else []),
        "```sh\n" + "\n".join(profile.install) + "\n```\n",
        table(("figure", "value", "holds for", "source"), figures),
        table(
            ("runtime", "extra", "why", "source"),
            [(r.name, r.extra or "none", r.why, _link(profile, r.source)) for r in profile.runtimes],
        ),
        f"Weights {profile.quantisation.weights.replace('_', ' ')}, activations "
        f"{', '.join(profile.quantisation.activations)}: {profile.quantisation.why}. "
        f"Published latencies in the file: {len(profile.anchors)}.\n",
    ]
    return "\n".join(lines)


def _link(profile: Profile, key: str) -> str:
    source = profile.sources[key]
    return f"[{key}]({source.at})" if " " not in source.at and source.at.startswith("http") else f"{key}: {source.at}"


if __name__ == "__main__":
    sys.stdout.write(reference())
