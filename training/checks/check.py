"""All checks of a dataset, one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.checks.amount import check_amount, check_balance, check_readable
from training.checks.drawings import check_drawings
from training.checks.finding import Finding
from training.checks.looked import look_at
from training.checks.pictures import check_exposure, check_focus, check_sizes
from training.checks.same_content import check_conflicts, check_copies, check_relatives
from training.checks.sounds import check_level, check_rates
from training.dataset import dataset_version
from training.dataset.listing import medium_of
from training.dataset.picture_names import doubtful_labels, doubtful_names
from training.dataset.reading import unlisted
from training.dataset.split_rows import rows_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from training.checks.looked import Looked
    from training.dataset import Sample


def check_names(looked: Looked) -> Iterator[Finding]:
    """Good parts whose names say otherwise, where no folder names classes; defects whose labels do."""
    samples = [one.sample for one in looked.facts]
    of_pictures = doubtful_names(samples) if all(one.is_good for one in samples) else ""
    for doubt in (of_pictures, doubtful_labels(samples)):
        if doubt:
            yield Finding("names", must_mend=False, sentence=doubt)


def check_splits(looked: Looked) -> Iterator[Finding]:
    """Rows that are neither learned nor judged with."""
    if apart := rows_apart([one.sample for one in looked.facts]):
        yield Finding("left out", must_mend=False, sentence=apart)


CHECKS: tuple[Callable[[Looked], Iterable[Finding]], ...] = (
    check_readable,
    check_drawings,
    check_amount,
    check_relatives,
    check_conflicts,
    check_copies,
    check_balance,
    check_names,
    check_splits,
    check_exposure,
    check_focus,
    check_sizes,
    check_level,
    check_rates,
)


@dataclass(frozen=True, slots=True)
class CheckedDataset:
    """What is known of a dataset.

    version: hash of its content and of what is said of it.
    findings: what must be mended first.
    """

    version: str
    looked: Looked
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing must be mended."""
        return not any(one.must_mend for one in self.findings)

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        samples = [one.sample for one in self.looked.facts]
        return {
            "version": self.version,
            "sound": self.is_sound,
            "medium": medium_of(samples[0].path),
            "samples": len(samples),
            "labels": dict(sorted(Counter(one.label for one in samples).items())),
            "splits": dict(sorted(Counter(one.split for one in samples if one.split).items())),
            "findings": [one.document() for one in self.findings],
        }


def check_dataset(
    samples: Sequence[Sample],
    progress: Callable[[int], object] | None = None,
    *,
    readings: bool = False,
    beside: Sequence[str] = (),
) -> CheckedDataset:
    """Look at every sample and run every check.

    Args:
        samples: one or more, of one medium.
        progress: called with the number of samples done, after each.
        readings: WAV files hold a sensor's readings, no sounds.
        beside: files of the same folder that are no samples.

    Raises:
        BadInputError: a file itself cannot be read.
    """
    looked = look_at(samples, progress, readings=readings)
    found = [one for check in CHECKS for one in check(looked)]
    if beside:
        found.append(Finding("left out", must_mend=False, sentence=unlisted(beside)))
    findings = sorted(found, key=lambda one: not one.must_mend)
    digests = {one.sample.path: one.digest for one in looked.facts}
    return CheckedDataset(dataset_version(samples, digests), looked, tuple(findings))
