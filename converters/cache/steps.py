"""Running the steps of a conversion, each one only where its result is not kept already.

steps = StepCache(default_store())
network = steps.run("load", lambda: fingerprint(content, settings), read_it, BundleForm())
for step in steps.runs:
    print(step.sentence)
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from converters.cache.key import fingerprint, program_fingerprint
from converters.cache.record import RecordDamaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.cache.record import Record
    from converters.cache.store import Store

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Form(Protocol[Result]):
    """How one kind of result becomes a record and comes back from it."""

    def pack(self, result: Result) -> Record:
        """The result as it is kept."""

    def unpack(self, record: Record) -> Result:
        """The result that `pack` was given."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """What became of one step.

    name: the step's. reused: whether an earlier run's result was taken.
    seconds: what it took, reading or writing the kept result included.
    remark: what went wrong with the kept result, of which a warning is logged, too; empty as a rule.
    """

    name: str
    reused: bool
    seconds: float
    remark: str = ""

    @property
    def sentence(self) -> str:
        """`load computed in 1.2 s`."""
        how = "reused" if self.reused else "computed"
        return f"{self.name} {how} in {self.seconds:.2f} s"


class StepCache:
    """The steps of one conversion.

    Example:
        steps = StepCache(default_store())
        source = steps.run("load", lambda: fingerprint(content, settings), read_it, BundleForm())
        print([step.sentence for step in steps.runs])

    Args:
        store: where results are kept; None to compute every step.
        clock: seconds, monotonic.
    """

    def __init__(self, store: Store | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.runs: list[StepRun] = []
        self._store = store
        self._clock = clock
        self._program = program_fingerprint() if store else ""

    def run(self, name: str, key: Callable[[], str], compute: Callable[[], Result], form: Form[Result]) -> Result:
        """The step's result, from the store or computed and kept.

        Args:
            name: the step's; one folder of the store.
            key: gives the fingerprint of all inputs and settings; asked only where there is a store.
            compute: the work.
            form: how the result is kept.
        """
        begin = self._clock()
        if self._store is None:
            result = compute()
            self.runs.append(StepRun(name, reused=False, seconds=self._clock() - begin))
            return result
        full_key = fingerprint(self._program, name, key())
        found, remark = self._kept(self._store, name, full_key)
        if found is not None:
            result = form.unpack(found)
        else:
            result = compute()
            kept_remark = self._keep(self._store, name, full_key, form.pack(result))
            remark = remark or kept_remark
        if remark:
            self._warn(self._store, remark)
        self.runs.append(StepRun(name, found is not None, self._clock() - begin, remark))
        return result

    def _warn(self, store: Store, remark: str) -> None:
        """Say it once: a disk that is full is so for each step."""
        if all(run.remark != remark for run in self.runs):
            _log.warning("warning: the cache at %s cannot be used as it should: %s", store.folder, remark)

    @staticmethod
    def _kept(store: Store, name: str, key: str) -> tuple[Record | None, str]:
        try:
            return store.get(name, key), ""
        except RecordDamaged as error:
            return None, f"a kept result was damaged: {error}; it was computed again"
        except OSError as error:
            return (
                None,
                f"a kept result cannot be read: {error.strerror}; mend its rights, or name a folder in LEPTON_CACHE",
            )

    @staticmethod
    def _keep(store: Store, name: str, key: str, record: Record) -> str:
        try:
            kept = store.put(name, key, record)
        except OSError as error:
            return f"results are not kept: {error.strerror}; free space there, or name another folder in LEPTON_CACHE"
        return "" if kept else "a result is not kept: it is larger than LEPTON_CACHE_MB allows"
