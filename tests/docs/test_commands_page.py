"""What the page on commands says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from edge_contracts.command import MEANINGS, CommandName
from edge_contracts.station import Commands
from edge_runtime.commands.done_before import KEPT
from edge_runtime.commands.executor import MOST_WAITING
from edge_runtime.units.commands import acts_of
from fleet_manager.commands.command import CommandState

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "commands.md").read_text("utf-8")
NOBODY: Any = None


def test_every_state_of_a_command_is_told() -> None:
    states = PAGE.partition("## 3. Read the state")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", states, re.MULTILINE) == [state.value for state in CommandState]


def test_every_command_has_a_meaning_and_is_done_by_the_daemon() -> None:
    assert list(MEANINGS) == list(get_args(CommandName)) == list(acts_of(NOBODY))


def test_the_limits_are_as_told() -> None:
    assert Commands().allowed == ("ping",)
    assert (KEPT, MOST_WAITING) == (1000, 8)
    assert "the last 1,000 ids" in PAGE
    assert "more than eight commands" in PAGE
