from __future__ import annotations

from training.figures import Area, GroupHits, Share
from training.report.prospect import prospects


def test_more_pictures_make_every_interval_narrower_around_the_same_rate() -> None:
    found = prospects(Area(0.95, 20, 12), Share(2, 12), Share(1, 20))
    assert [(one.times, one.good, one.defective) for one in found] == [(1, 20, 12), (2, 40, 24), (4, 80, 48)]
    for name, rate in (("auroc", 0.95), ("escape", 2 / 12), ("overkill", 1 / 20)):
        intervals = [getattr(one, name) for one in found]
        widths = [one.high - one.low for one in intervals]
        assert widths[0] > widths[1] > widths[2]
        assert all(one.low < rate < one.high for one in intervals)


def test_without_defects_nothing_is_foretold() -> None:
    assert prospects(None, None, Share(1, 20)) == ()


def test_more_pictures_are_of_more_parts() -> None:
    (now, twice, _) = prospects(Area(0.95, 40, 24, (20, 12)), Share(2, 24, GroupHits(2, 0, 12)), Share(1, 40))
    alone = prospects(Area(0.95, 20, 12), Share(2, 12), Share(1, 40))
    assert (now.auroc, twice.auroc) == (alone[0].auroc, alone[1].auroc)
    assert (now.escape.high, twice.escape.high) == (alone[0].escape.high, alone[1].escape.high)
