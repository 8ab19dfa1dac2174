"""A point's threshold as people set it while it runs: kept on disk, noted in the audit file, in force at once.

A threshold that was set by hand belongs to the bundle and to the configuration that it was set against. When either is
another one it is not in force any more, which is said: scores of two models cannot be compared.
"""

from __future__ import annotations

import json
import logging
import math
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, ClassRule, MapRule
from edge_runtime.state_folder import MediumRefused, make_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_runtime.audit_file import AuditFile
    from edge_runtime.inspection.decision import Ruling

_NAME_MAX = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something.

    name: as the person calls themselves; may be empty.
    address: where the request came from.
    """

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name or 'somebody'} at {self.address or 'an unknown address'}"


class Sensitivity:
    """The threshold in force of one inspection point.

    Args:
        point: its name.
        base: how the point reads its model's scores as configured; its threshold is None for the bundle's.
        digest: of its bundle.
        folder: `thresholds` of the state folder; made when a threshold is applied.
        audit: notes every change.

    Attributes:
        notice: what a person should know of the kept threshold; empty when there is nothing.
    """

    def __init__(self, point: str, base: Ruling, digest: str, folder: Path, audit: AuditFile) -> None:
        self.notice = ""
        self._point = point
        self._base = base
        self._digest = digest
        self._configured = base.threshold
        self._path = folder / f"{point}.json"
        self._audit = audit
        self._use: Callable[[float | None], None] | None = None
        self._applied = self._found()

    @property
    def can_be_set(self) -> bool:
        """Whether one number decides; limits of boxes and areas are several, and belong to station.toml."""
        return isinstance(self._base.rule, AnomalyRule | MapRule | ClassRule)

    @property
    def own(self) -> float:
        """Without anything applied: station.toml's, else the bundle's; NaN where no single number decides."""
        return self.bundles if self._configured is None else self._configured

    @property
    def bundles(self) -> float:
        """The bundle's; NaN where no single number decides."""
        rule = self._base.rule
        if isinstance(rule, AnomalyRule | MapRule):
            return rule.threshold
        return rule.min_confidence if isinstance(rule, ClassRule) else math.nan

    @property
    def in_force(self) -> float:
        """What parts are judged by now."""
        return self.own if self._applied is None else self._applied

    @property
    def is_applied(self) -> bool:
        """Whether somebody set it by hand."""
        return self._applied is not None

    def ruling(self) -> Ruling:
        """How the point reads its model's scores now."""
        return replace(self._base, threshold=self._override())

    def tell(self, use: Callable[[float | None], None]) -> None:
        """Call `use` with each new threshold from now on; it must return at once."""
        self._use = use

    def apply(self, threshold: float | None, author: Author) -> None:
        """Judge by this threshold from the next part on; None goes back to the point's own.

        Raises:
            BadInputError: no threshold of this bundle's rule.
            MediumRefused: the disk does not keep it; the old one stays in force.
        """
        if not self.can_be_set:
            raise BadInputError(f"wanted a rule with one threshold, found {self._base.rule.kind!r}; set station.toml")
        if threshold is not None:
            self._check(threshold)
        entry = {
            "what": "threshold",
            "point": self._point,
            "name": author.name[:_NAME_MAX],
            "address": author.address,
            "bundle": self._digest,
            "old": self.in_force,
            "new": self.own if threshold is None else threshold,
            "reset": threshold is None,
        }
        self._audit.append(entry)
        self._keep(threshold, entry)
        self._applied = threshold
        self.notice = ""
        _log.warning("%s: threshold %g instead of %g, set by %s", self._point, entry["new"], entry["old"], author)
        if self._use is not None:
            self._use(self._override())

    def _override(self) -> float | None:
        return self._configured if self._applied is None else self._applied

    def _check(self, threshold: float) -> None:
        _check_finite(threshold)
        if isinstance(self._base.rule, ClassRule) and not 0 <= threshold <= 1:
            raise BadInputError(f"wanted a least confidence of 0 to 1, found {threshold:g}")
        if isinstance(self._base.rule, MapRule) and threshold > self._base.rule.most:
            raise BadInputError(
                f"wanted a share of the map, at most {self._base.rule.most:g}, found {threshold:g}, "
                "which no part reaches"
            )

    def _keep(self, threshold: float | None, entry: dict[str, Any]) -> None:
        try:
            make_folder(self._path.parent, "folder for thresholds")
            if threshold is None:
                self._path.unlink(missing_ok=True)
            else:
                _write(self._path, {"threshold": threshold, "configured": self._configured, **entry})
        except OSError as error:
            self._audit.append({**entry, "new": entry["old"], "failed": str(error)})
            raise MediumRefused(
                f"wanted to keep the threshold in {self._path}, found: {error}; the old one stays in force"
            ) from error

    def _found(self) -> float | None:
        """What an earlier run kept, when it is for this bundle and this configuration."""
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            threshold, bundle, configured = float(kept["threshold"]), kept["bundle"], kept["configured"]
            _check_finite(threshold)
            if is_ours := (bundle, configured) == (self._digest, self._configured):
                self._check(threshold)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            self._say(f"the kept threshold cannot be read ({error}); {self.own:g} is in force, set it anew")
            return None
        if not is_ours:
            other = "bundle" if bundle != self._digest else "threshold in station.toml"
            self._say(f"a threshold of {threshold:g} was set for another {other}; {self.own:g} is in force")
            return None
        _log.warning("%s: threshold %g instead of %g, set by hand", self._point, threshold, self.own)
        return threshold

    def _say(self, notice: str) -> None:
        self.notice = notice
        _log.error("%s: %s", self._point, notice)


def _check_finite(threshold: float) -> None:
    if not math.isfinite(threshold):
        raise BadInputError(f"wanted a finite threshold, found {threshold}")


def _write(path: Path, document: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
