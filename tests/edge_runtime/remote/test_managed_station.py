"""A configuration from afar is the manager's own, newer than all before, proven, or it is not there any more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from edge_contracts.configuration import MAX_TEXT_BYTES, Phase
from edge_contracts.errors import MissingExtraError
from edge_contracts.topics import DeviceAddress
from edge_runtime.config import ConfigRejected
from edge_runtime.remote.managed_station import FILE, ManagedStation
from edge_runtime.state_folder import MediumRefused
from tests.fakes.clock import FakeClock
from tests.fakes.desired import Signer

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
[station]
org = "acme"
site = "north"
device = "line-1"

[uplink]
host = "broker.local"
"""
POINTS = """
[[points]]
name = "gate"
bundle = "part.bundle"
deadline_ms = {deadline_ms}
source = {{ kind = "folder", path = "parts" }}
"""
OWN_MS = 500


def text(deadline_ms: int = 300, more: str = "") -> str:
    return POINTS.format(deadline_ms=deadline_ms) + more


class Board:
    """A board's folder, and one life of its daemon after the other."""

    def __init__(self, folder: Path) -> None:
        self.signer, self.folder, self.clock = Signer(), folder, FakeClock()
        (folder / "parts").mkdir()
        (folder / "part.bundle").touch()
        (folder / "state").mkdir()
        self.write(f'[remote]\ntrusted_key = "{self.signer.public}"\n')
        self.judged = {"gate": 0}
        self.boot()

    def write(self, remote: str, points: str = POINTS.format(deadline_ms=OWN_MS)) -> None:
        (self.folder / "station.toml").write_text(HEAD + remote + points)

    def boot(self) -> None:
        self.managed = ManagedStation(self.folder / "station.toml", self.clock)
        self.config = self.managed.start()
        self.managed.went(self.judged)

    def hear(self, revision: int, words: str) -> bool:
        return self.managed.hear(self.signer.body(revision, words))

    def reload(self) -> None:
        try:
            self.config = self.managed.read()
        except Exception as error:
            self.managed.refused(error)
            raise
        self.managed.went(self.judged)

    def tick(self, seconds: float, parts: int = 0) -> bool:
        self.clock.advance(0.1)
        self.judged = {"gate": self.judged["gate"] + parts}
        wants_back = self.managed.look(self.judged)
        self.clock.advance(seconds)
        return self.managed.look(self.judged) or wants_back

    @property
    def deadline_ms(self) -> float:
        return self.config.points[0].deadline_ms

    @property
    def told(self) -> tuple[int, int | None, Phase]:
        report = self.managed.reported()
        assert report is not None
        return report.revision, report.heard, report.phase

    @property
    def errors(self) -> str:
        report = self.managed.reported()
        assert report is not None
        return "\n".join(report.errors)


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def proven(board: Board, revision: int = 1, deadline_ms: int = 300) -> None:
    assert board.hear(revision, text(deadline_ms))
    board.reload()
    board.tick(61)
    assert board.told == (revision, revision, Phase.ACTIVE)


def test_a_station_without_a_trusted_key_hears_of_nothing(board: Board) -> None:
    board.write("")
    board.boot()
    assert not board.hear(1, text())
    assert board.managed.reported() is None
    assert board.deadline_ms == OWN_MS


def test_a_new_configuration_is_tried_proven_and_kept_over_a_restart(board: Board) -> None:
    assert board.told == (0, None, Phase.NONE)
    assert board.hear(1, text())
    board.reload()
    assert board.deadline_ms == 300
    assert board.told == (1, 1, Phase.PROVING)
    assert not board.tick(59)
    assert board.told[2] is Phase.PROVING
    assert not board.tick(2)
    assert board.told == (1, 1, Phase.ACTIVE)
    board.boot()
    assert (board.deadline_ms, board.told) == (300, (1, 1, Phase.ACTIVE))
    assert not board.hear(1, text()), "what is retained at the broker is no news"


def test_one_that_was_never_proven_is_given_up_at_the_next_start(board: Board) -> None:
    proven(board)
    board.hear(2, text(200))
    board.reload()
    assert board.deadline_ms == 200
    board.boot()
    assert (board.deadline_ms, board.told) == (300, (1, 2, Phase.ROLLED_BACK))
    assert "the daemon ended" in board.errors
    assert not board.hear(2, text(200)), "and it is not tried for ever"


def test_a_point_that_is_not_judged_any_more_leads_back(board: Board) -> None:
    board.tick(10, parts=5)
    board.hear(1, text())
    board.reload()
    assert board.tick(61)
    assert board.told == (1, 1, Phase.ROLLED_BACK)
    board.reload()
    assert (board.deadline_ms, board.told) == (OWN_MS, (0, 1, Phase.ROLLED_BACK))
    assert "no good or defect verdict from gate in 60 s" in board.errors


def test_a_verdict_of_the_time_of_the_change_proves_nothing(board: Board) -> None:
    board.tick(10, parts=5)
    board.hear(1, text())
    board.config = board.managed.read()
    board.judged = {"gate": 9}
    board.managed.went(board.judged)
    assert board.tick(61), "those were judged by what ran before"


def test_a_point_that_is_judged_as_before_proves_it(board: Board) -> None:
    board.tick(10, parts=5)
    board.hear(1, text())
    board.reload()
    board.tick(30, parts=1)
    assert not board.tick(31)
    assert board.told == (1, 1, Phase.ACTIVE)


def test_a_line_that_stood_still_before_proves_nothing_by_standing_still(board: Board) -> None:
    board.tick(120, parts=5)
    proven(board)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("[station]\norg = 'a'\nsite = 'b'\ndevice = 'c'", "who the board is"),
        ("[uplink]\nhost = 'elsewhere'", "how it reaches its broker"),
        ("[commands]\nallowed = ['restart']", "what may be asked of it"),
        ("[remote]\ntrusted_key = 'x'", "whose configurations it believes"),
    ],
)
def test_what_belongs_to_the_board_is_not_changed_from_afar(board: Board, table: str, why: str) -> None:
    board.hear(1, table + text())
    with pytest.raises(ConfigRejected, match=why):
        board.reload()
    assert board.told == (0, 1, Phase.REFUSED)
    assert why in board.errors


def test_every_mistake_is_told_at_once_and_nothing_is_changed(board: Board) -> None:
    board.hear(1, text(more="colour = 'red'\n[web]\nport = 0\n"))
    with pytest.raises(ConfigRejected):
        board.reload()
    assert board.told == (0, 1, Phase.REFUSED)
    assert "colour: unknown key" in board.errors
    assert "web.port" in board.errors
    assert board.managed.read().points[0].deadline_ms == OWN_MS


@pytest.mark.parametrize("words", ["[[points", "x" * MAX_TEXT_BYTES, ""])
def test_what_is_no_configuration_is_refused(board: Board, words: str) -> None:
    board.hear(1, words)
    with pytest.raises(ConfigRejected):
        board.reload()
    assert board.told == (0, 1, Phase.REFUSED)


def test_a_model_that_refuses_leads_back_at_once(board: Board) -> None:
    board.hear(1, text())
    board.managed.read()
    board.managed.refused(MediumRefused("wanted a model, found none"))
    assert board.told == (0, 1, Phase.REFUSED)
    assert board.errors == "wanted a model, found none"
    board.reload()
    assert board.deadline_ms == OWN_MS


FOREIGN = Signer(2)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (FOREIGN.body(1, text()), "found another signature"),
        (Signer().body(1, text(), DeviceAddress("acme", "north", "line-2")), "found another signature"),
        (Signer().body(1, text(), revision=2), "found another signature"),
        (Signer().body(1, text(), text=text(1)), "wanted a text with the hash"),
        (b"nonsense", "by the contract"),
        (b"x" * 50_000, "at most 49152 bytes"),
        (Signer().body(1, text()).replace(b"==", b"!!"), "by the contract"),
    ],
    ids=["stranger", "another device's", "another revision", "another text", "nonsense", "giant", "no base64"],
)
def test_what_the_trusted_manager_did_not_sign_for_this_device_is_not_tried(
    board: Board, body: bytes, why: str
) -> None:
    assert not board.managed.hear(body)
    assert why in board.errors
    assert board.told == (0, None, Phase.NONE)
    assert not (board.folder / "state" / FILE).exists(), "and costs no write of the flash"


def test_an_older_revision_is_not_played_again(board: Board) -> None:
    proven(board, 1, 300)
    proven(board, 2, 200)
    assert not board.hear(1, text(300))
    assert "wanted a revision above 2, found 1" in board.errors
    assert not board.hear(2, text(100))
    board.boot()
    assert not board.hear(1, text(300))
    assert board.deadline_ms == 200


def test_a_retained_topic_that_was_emptied_is_no_news(board: Board) -> None:
    assert not board.managed.hear(b"")
    assert board.errors == ""


def test_a_disk_that_takes_nothing_tries_nothing(board: Board) -> None:
    board.hear(1, text())
    (board.folder / "state" / "configuration.partial").mkdir()
    with pytest.raises(MediumRefused):
        board.reload()
    assert (board.deadline_ms, board.told) == (OWN_MS, (0, 1, Phase.REFUSED))


def test_a_damaged_memory_is_told_and_the_boards_own_file_runs(board: Board) -> None:
    proven(board)
    (board.folder / "state" / FILE).write_text("{")
    board.boot()
    assert (board.deadline_ms, board.told) == (OWN_MS, (0, None, Phase.NONE))
    assert "remove the file" in board.errors


def test_a_good_one_that_cannot_be_used_any_more_gives_way_to_the_boards_own_file(board: Board) -> None:
    (board.folder / "other").mkdir()
    board.hear(1, text().replace('"parts"', '"other"'))
    board.reload()
    board.tick(61)
    (board.folder / "other").rmdir()
    board.boot()
    assert (board.deadline_ms, board.told) == (OWN_MS, (0, 1, Phase.ACTIVE))
    assert "revision 1 cannot be used any more" in board.errors


def test_the_boards_own_points_may_be_out_of_date_while_the_managers_run(board: Board) -> None:
    proven(board)
    board.write(
        f'[remote]\ntrusted_key = "{board.signer.public}"\n', POINTS.format(deadline_ms=1).replace("parts", "x")
    )
    board.boot()
    assert board.deadline_ms == 300


def test_a_person_who_edits_the_board_s_own_tables_is_obeyed(board: Board) -> None:
    proven(board)
    path = board.folder / "station.toml"
    path.write_text(path.read_text().replace("broker.local", "other.local"))
    board.reload()
    assert board.config.uplink is not None
    assert (board.config.uplink.host, board.deadline_ms, board.told) == ("other.local", 300, (1, 1, Phase.ACTIVE))


def test_a_mistake_in_the_boards_own_file_is_told(board: Board) -> None:
    board.write(f'[remote]\ntrusted_key = "{board.signer.public}"\n', "[[points]]\n")
    with pytest.raises(ConfigRejected):
        board.reload()
    assert "points.0.name: missing" in board.errors


def test_a_station_that_wants_signatures_and_cannot_verify_them_says_what_to_install(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[remote\]"):
        board.boot()


def test_the_same_words_with_a_newer_number_are_proven_anew(board: Board) -> None:
    proven(board, 1)
    proven(board, 2)
    assert board.told == (2, 2, Phase.ACTIVE)
