"""Running the steps of a conversion, each one only where its result is not kept already.

steps = StepCache(default_store())
network = steps.run("load", lambda: fingerprint(content, settings), read_it, BundleForm())
for step in steps.runs:
    print(step.sentence)
"""

from __future__ import annotations

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
    remark: what went wrong with the kept result; empty as a rule.
    """

    name: str
    reused: bool
    seconds: float
    remark: str = ""

    @property
    def sentence(self) -> str:
        """`load computed in 1.2 s`."""
        how = "reused" if self.reused else "computed"
        return f"{self.name} {how} in {self.seconds:.2f} s{f' ({self.remark})' if self.remark else ''}"


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
        self.runs.append(StepRun(name, found is not None, self._clock() - begin, remark))
        return result

    @staticmethod
    def _kept(store: Store, name: str, key: str) -> tuple[Record | None, str]:
        try:
            return store.get(name, key), ""
        except RecordDamaged as error:
            return None, f"the kept result was damaged: {error}"
        except OSError as error:
            return None, f"the kept result cannot be read: {error.strerror}"

    @staticmethod
    def _keep(store: Store, name: str, key: str, record: Record) -> str:
        try:
            return "" if store.put(name, key, record) else "not kept: larger than the cache may be"
        except OSError as error:
            return f"not kept: {error.strerror}"
