from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import BoxRule, ClassRule, Manifest, MapRule
from edge_runtime.audit_file import AuditFile
from edge_runtime.inspection.decision import Ruling
from edge_runtime.inspection.sensitivity import Author, Sensitivity
from edge_runtime.state_folder import MediumRefused
from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
    from pathlib import Path

ANNA = Author("Anna", "192.168.1.40")
DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    path = tmp_path_factory.mktemp("bundle") / "part.bundle"
    write_brightness_bundle(path, BundleRecipe(threshold=0.6))
    return read_bundle(path).manifest


def sensitivity(
    folder: Path, manifest: Manifest, *, digest: str = DIGEST, configured: float | None = None
) -> Sensitivity:
    audit = AuditFile(folder / "audit.jsonl", lambda: datetime(2026, 5, 4, tzinfo=timezone.utc))
    ruling = Ruling(manifest.rule, manifest.labels, configured)
    return Sensitivity("gate", ruling, digest, folder / "thresholds", audit)


def audited(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


def test_without_anything_applied_the_configured_one_counts_and_else_the_bundles(
    tmp_path: Path, manifest: Manifest
) -> None:
    assert sensitivity(tmp_path, manifest).in_force == 0.6
    configured = sensitivity(tmp_path, manifest, configured=0.7)
    assert (configured.in_force, configured.bundles, configured.ruling().threshold) == (0.7, 0.6, 0.7)


def test_an_applied_threshold_is_in_force_at_once_noted_and_kept(tmp_path: Path, manifest: Manifest) -> None:
    point, used = sensitivity(tmp_path, manifest), []
    point.tell(used.append)
    point.apply(0.4, ANNA)
    assert (point.in_force, point.is_applied, used, point.ruling().threshold) == (0.4, True, [0.4], 0.4)
    (entry,) = audited(tmp_path)
    assert (entry["name"], entry["address"], entry["old"], entry["new"]) == ("Anna", "192.168.1.40", 0.6, 0.4)
    assert sensitivity(tmp_path, manifest).in_force == 0.4


def test_the_log_names_who_set_it_in_words(
    tmp_path: Path, manifest: Manifest, caplog: pytest.LogCaptureFixture
) -> None:
    sensitivity(tmp_path, manifest).apply(0.4, ANNA)
    sensitivity(tmp_path, manifest).apply(None, Author("", "192.168.1.40"))
    assert "gate: threshold 0.4 instead of 0.6, set by Anna at 192.168.1.40" in caplog.messages
    assert "gate: threshold 0.6 instead of 0.4, set by somebody at 192.168.1.40" in caplog.messages


def test_going_back_takes_the_points_own_and_forgets(tmp_path: Path, manifest: Manifest) -> None:
    point, used = sensitivity(tmp_path, manifest, configured=0.7), []
    point.tell(used.append)
    point.apply(0.4, ANNA)
    point.apply(None, ANNA)
    assert (point.in_force, point.is_applied, used) == (0.7, False, [0.4, 0.7])
    assert [(entry["new"], entry["reset"]) for entry in audited(tmp_path)] == [(0.4, False), (0.7, True)]
    assert not sensitivity(tmp_path, manifest, configured=0.7).is_applied


@pytest.mark.parametrize(
    ("changes", "told"), [({"digest": "cd" * 32}, "another bundle"), ({"configured": 0.9}, "threshold in station.toml")]
)
def test_a_threshold_of_another_bundle_or_configuration_is_not_in_force_and_told(
    tmp_path: Path, manifest: Manifest, changes: dict, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    sensitivity(tmp_path, manifest).apply(0.4, ANNA)
    other = sensitivity(tmp_path, manifest, **changes)
    assert not other.is_applied
    assert told in other.notice
    assert told in caplog.text


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"threshold": NaN, "bundle": "", "configured": null}', '{"threshold": "x"}', "[" * 9999]
)
def test_a_kept_threshold_that_cannot_be_read_is_told_and_the_own_one_counts(
    tmp_path: Path, manifest: Manifest, content: str
) -> None:
    (tmp_path / "thresholds").mkdir()
    (tmp_path / "thresholds" / "gate.json").write_text(content)
    point = sensitivity(tmp_path, manifest)
    assert (point.in_force, point.is_applied) == (0.6, False)
    assert "cannot be read" in point.notice


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf])
def test_no_threshold_is_no_number(tmp_path: Path, manifest: Manifest, threshold: float) -> None:
    point = sensitivity(tmp_path, manifest)
    with pytest.raises(BadInputError, match="wanted a finite threshold"):
        point.apply(threshold, ANNA)
    assert point.in_force == 0.6


def test_a_least_confidence_is_a_share(tmp_path: Path, manifest: Manifest) -> None:
    rule = ClassRule(good=("whole",), min_confidence=0.8)
    point = sensitivity(tmp_path, manifest.model_copy(update={"rule": rule, "labels": ("whole", "cracked")}))
    assert point.in_force == 0.8
    with pytest.raises(BadInputError, match="of 0 to 1"):
        point.apply(1.1, ANNA)


def test_a_share_of_the_map_that_no_part_reaches_is_neither_applied_nor_kept(
    tmp_path: Path, manifest: Manifest
) -> None:
    shares = manifest.model_copy(update={"rule": MapRule(measure="area", hot=0.5, threshold=0.05)})
    with pytest.raises(BadInputError, match=r"at most 1, found 1\.5, which no part reaches"):
        sensitivity(tmp_path, shares).apply(1.5, ANNA)
    sensitivity(tmp_path, shares).apply(1.0, ANNA)
    kept = tmp_path / "thresholds" / "gate.json"
    kept.write_text(kept.read_text().replace('"threshold": 1.0', '"threshold": 1.5'))
    point = sensitivity(tmp_path, shares)
    assert point.in_force == 0.05
    assert "found 1.5" in point.notice


def test_a_kept_score_beside_a_bundle_of_shares_is_one_of_another_bundle(tmp_path: Path, manifest: Manifest) -> None:
    sensitivity(tmp_path, manifest).apply(3.2, ANNA)
    shares = manifest.model_copy(update={"rule": MapRule(measure="area", hot=0.5, threshold=0.05)})
    point = sensitivity(tmp_path, shares, digest="cd" * 32)
    assert point.in_force == 0.05
    assert "a threshold of 3.2 was set for another bundle" in point.notice


def test_limits_of_boxes_are_no_single_number(tmp_path: Path, manifest: Manifest) -> None:
    point = sensitivity(tmp_path, manifest.model_copy(update={"rule": BoxRule()}))
    assert not point.can_be_set
    assert math.isnan(point.in_force)
    with pytest.raises(BadInputError, match="found 'boxes'"):
        point.apply(0.5, ANNA)
    assert not (tmp_path / "audit.jsonl").exists()


def test_what_the_disk_does_not_keep_is_not_in_force(tmp_path: Path, manifest: Manifest) -> None:
    point, used = sensitivity(tmp_path, manifest), []
    point.tell(used.append)
    (tmp_path / "thresholds").mkdir()
    (tmp_path / "thresholds" / "gate.partial").mkdir()
    with pytest.raises(MediumRefused, match="the old one stays in force"):
        point.apply(0.4, ANNA)
    assert (point.in_force, used) == (0.6, [])
    assert [entry["new"] for entry in audited(tmp_path)] == [0.4, 0.6]
    assert "failed" in audited(tmp_path)[1]


def test_what_cannot_be_noted_is_not_done(tmp_path: Path, manifest: Manifest) -> None:
    point = sensitivity(tmp_path, manifest)
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(MediumRefused, match="nothing was changed"):
        point.apply(0.4, ANNA)
    assert point.in_force == 0.6
    assert not (tmp_path / "thresholds").exists()
