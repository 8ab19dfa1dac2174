from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.alert import EvidenceKind
from edge_contracts.station import EvidenceSettings, Region
from edge_contracts.verdict import Cause
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.capture.wave_file import read_header, read_samples
from edge_runtime.evidence import EvidenceStore
from edge_runtime.evidence import store as evidence_store
from edge_runtime.evidence.clip import INDEX, Clip, Moment
from edge_runtime.occasion import Inspected, Mark
from tests.fakes.parts import frame, inspected, verdict, window
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MB = 1 << 20


def with_picture(seed: int) -> Inspected:
    return Inspected(verdict(), frame(number=seed), None, Region())


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_picture_and_heat_map_lie_under_their_hashes(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings())
    pieces = store.keep(inspected(heat=True))
    assert [piece.kind for piece in pieces] == [EvidenceKind.IMAGE, EvidenceKind.HEAT_MAP]
    for piece in pieces:
        content = store.path_of(piece.sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == piece.sha256
        assert len(content) == piece.bytes
        assert read_picture(store.path_of(piece.sha256)).shape == (HEIGHT_PX, WIDTH_PX, 3)


def test_boxes_are_drawn_over_a_picture_of_their_own_and_over_the_heat_map(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings())
    marks = (Mark("dent", 0.9, (0.1, 0.1, 0.6, 0.6), is_fault=True),)
    found = replace(inspected(), marks=marks)
    pieces = store.keep(found)
    assert [piece.kind for piece in pieces] == [EvidenceKind.IMAGE, EvidenceKind.BOXES]
    plain, drawn = (read_picture(store.path_of(piece.sha256)).astype(int) for piece in pieces)
    assert np.abs(drawn - plain).max() > 80
    both = store.keep(replace(inspected(heat=True), marks=marks))
    assert [piece.kind for piece in both] == [EvidenceKind.IMAGE, EvidenceKind.HEAT_MAP]


def test_a_verdict_without_a_picture_has_no_evidence(tmp_path: Path) -> None:
    assert EvidenceStore(tmp_path, EvidenceSettings()).keep(inspected(with_frame=False)) == ()


def test_a_heat_map_of_nan_is_not_drawn(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings())
    heat = np.full((2, 2), np.nan, np.float32)
    pieces = store.keep(Inspected(verdict(Cause.NOT_A_NUMBER), frame(), heat, Region()))
    assert [piece.kind for piece in pieces] == [EvidenceKind.IMAGE]


def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings())
    assert store.keep(with_picture(1)) == store.keep(with_picture(1))
    assert len(files(tmp_path)) == 1


def settings_for(pictures: float, folder: Path) -> EvidenceSettings:
    """A quota that holds so many of the test's pictures; the schema's own least quota is far larger."""
    size = EvidenceStore(folder, EvidenceSettings()).keep(with_picture(1))[0].bytes
    return EvidenceSettings().model_copy(update={"max_bytes": int(size * pictures)})


def test_the_oldest_goes_first_when_the_quota_is_full(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "store", settings_for(3.5, tmp_path / "probe"))
    hashes = [store.keep(with_picture(seed))[0].sha256 for seed in range(5)]
    assert [store.path_of(sha256).exists() for sha256 in hashes] == [False, False, True, True, True]
    assert store.counts.removed == 2


def test_what_an_earlier_run_left_counts_towards_the_quota(tmp_path: Path) -> None:
    settings = settings_for(2.5, tmp_path / "probe")
    first = EvidenceStore(tmp_path / "store", settings)
    old, young = (first.keep(with_picture(seed))[0].sha256 for seed in range(2))
    os.utime(first.path_of(old), ns=(0, 0))
    second = EvidenceStore(tmp_path / "store", settings)
    second.keep(with_picture(9))
    assert not second.path_of(old).exists()
    assert second.path_of(young).exists()


def test_a_full_disk_is_counted_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings())

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert store.keep(with_picture(1)) == ()
    assert store.counts.failed == 1
    assert files(tmp_path) == []


def test_a_folder_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence", EvidenceSettings())
    store.keep(with_picture(1))
    shutil.rmtree(tmp_path / "evidence")
    for seed in (1, 2):
        (piece,) = store.keep(with_picture(seed))
        assert store.path_of(piece.sha256).stat().st_size == piece.bytes


def test_a_half_written_file_of_a_run_that_died_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "good" / "ab").mkdir(parents=True)
    (tmp_path / "good" / "ab" / "abcd.99.partial").write_bytes(b"half")
    EvidenceStore(tmp_path, EvidenceSettings())
    assert files(tmp_path) == []


def test_evidence_can_be_switched_off(tmp_path: Path) -> None:
    assert EvidenceStore(tmp_path, EvidenceSettings(enabled=False)).keep(inspected()) == ()


def test_a_window_is_kept_as_a_wav_within_the_same_quota(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings())
    heard = window(number=7, rate_hz=31.25)
    (piece,) = store.keep(Inspected(verdict(), None, None, Region(), heard))
    assert (piece.kind, piece.media_type) == (EvidenceKind.SOUND, "audio/wav")
    path = store.path_of(piece.sha256)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == piece.sha256
    np.testing.assert_array_equal(read_samples(path, read_header(path)), heard.values)
    assert b'"rate_hz":31.25' in path.read_bytes()
    again = EvidenceStore(tmp_path, EvidenceSettings())
    assert again.path_of(piece.sha256) == path
    assert sum(map(sum, (sizes.values() for sizes in again._sizes.values()))) == path.stat().st_size


def of_cause(cause: Cause, seed: int, label: str | None = None) -> Inspected:
    return Inspected(verdict(cause, label=label), frame(number=seed), None, Region())


def kept(folder: Path) -> dict[str, int]:
    """Pictures by class."""
    return dict(Counter(path.parent.parent.name for path in files(folder)))


def test_a_flood_of_unknowns_cannot_push_out_the_defects(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "store", settings_for(20.5, tmp_path / "probe"))
    for seed in range(8):
        store.keep(of_cause(Cause.THRESHOLD, seed, "scratch"))
    for seed in range(100, 300):
        store.keep(of_cause(Cause.BLURRED, seed))
    assert kept(tmp_path / "store") == {"defect-scratch": 8, "unknown-blurred": 12}


def test_a_flood_of_one_defect_cannot_push_out_the_rare_ones(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "store", settings_for(20.5, tmp_path / "probe"))
    for seed in range(3):
        store.keep(of_cause(Cause.THRESHOLD, seed, "crack"))
    for seed in range(100, 200):
        store.keep(of_cause(Cause.THRESHOLD, seed, "scratch"))
    assert kept(tmp_path / "store") == {"defect-crack": 3, "defect-scratch": 17}


def test_classes_and_their_shares_survive_a_restart(tmp_path: Path) -> None:
    settings = settings_for(10.5, tmp_path / "probe")
    for seed in range(10):
        EvidenceStore(tmp_path / "store", settings).keep(of_cause(Cause.THRESHOLD, seed))
    store = EvidenceStore(tmp_path / "store", settings)
    for seed in range(100, 130):
        store.keep(of_cause(Cause.DARK, seed))
    assert kept(tmp_path / "store") == {"defect": 6, "unknown-dark": 4}


def test_when_enough_was_written_for_the_day_pictures_are_given_up_and_counted(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings(), may_write=lambda: False)
    assert store.keep(inspected()) == ()
    assert store.keep_clip(Clip("gate", ())) is None
    assert (store.counts.given_up, store.counts.kept, files(tmp_path)) == (2, 0, [])


def test_a_clip_is_one_file_of_pictures_that_says_what_was_decided(tmp_path: Path) -> None:
    causes = [Cause.CLEAN, Cause.THRESHOLD, Cause.CLEAN]
    moments = tuple(Moment(picture(100, seed=n), verdict(one, part=str(n))) for n, one in enumerate(causes))
    store = EvidenceStore(tmp_path, EvidenceSettings())
    path = store.keep_clip(Clip("gate", moments))
    assert path is not None
    assert store.keep_clip(Clip("gate", moments)) == path
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        index = json.loads(archive.read(INDEX))
        assert [one["outcome"] for one in index["pictures"]] == ["good", "defect", "good"]
        assert all(archive.read(one["file"]).startswith(b"\xff\xd8") for one in index["pictures"])
    assert kept(tmp_path) == {"clip": 1}


def test_on_a_disk_without_room_to_spare_new_pictures_take_the_place_of_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_store, "TIGHT_BYTES", 0)
    room = [True]
    store = EvidenceStore(tmp_path, EvidenceSettings(), may_grow=lambda: room[0])
    for seed in range(5):
        store.keep(with_picture(seed))
    room[0] = False
    kept_last = [store.keep(with_picture(seed))[0].sha256 for seed in range(10, 20)][-1]
    assert len(files(tmp_path)) <= 5
    assert store.path_of(kept_last).is_file()


def test_a_file_that_cannot_be_removed_still_counts_towards_the_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(path: Path, *, missing_ok: bool = False) -> None:
        if path.suffix == ".jpg" and (is_read_only or path == stuck):
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok=missing_ok)

    unlink, is_read_only, stuck = type(tmp_path).unlink, True, tmp_path
    settings, folder = settings_for(5.5, tmp_path / "probe"), tmp_path / "store"
    store = EvidenceStore(folder, settings)
    for seed in range(5):
        store.keep(with_picture(seed))
    monkeypatch.setattr(type(tmp_path), "unlink", refuses)
    for seed in range(10, 20):
        assert store.keep(with_picture(seed)) == ()
    assert (store.counts.failed, len(files(folder))) == (10, 5)
    is_read_only, stuck = False, files(folder)[0]
    later = [store.keep(with_picture(seed)) for seed in range(20, 23)]
    assert any(later)
    assert stuck.exists()
    assert sum(path.stat().st_size for path in files(folder)) <= settings.max_bytes


def test_a_disk_that_stays_full_does_not_flood_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    store = EvidenceStore(tmp_path, EvidenceSettings())
    for seed in range(64):
        store.keep(with_picture(seed))
    assert (store.counts.failed, len(caplog.records)) == (64, 7)
