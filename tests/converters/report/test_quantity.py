"""Numbers as the page prints them."""

from __future__ import annotations

import pytest

from converters.report import quantity


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.05136, "0.0514"),
        (1.5, "1.50"),
        (123.4, "123"),
        (12345, "12,345"),
        (-2.5, "−2.50"),
        (1e-12, "1.00e−12"),
    ],
)
def test_three_digits_matter(value, text):
    assert quantity.plain(value) == text


def test_what_is_no_number_says_so():
    assert quantity.plain(float("nan")) == "not a number"
    assert quantity.plain(float("-inf")) == "−infinite"


@pytest.mark.parametrize(("size", "text"), [(999, "999 B"), (38_976, "39.0 kB"), (1_067_648, "1.07 MB")])
def test_sizes_are_in_powers_of_a_thousand(size, text):
    assert quantity.file_size(size).replace(quantity.GAP, " ") == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (4.0, 1.0, "4.0 × faster"),
        (1.0, 2.4, "2.4 × slower"),
        (1.0, 1.005, "the same"),
        (1.02, 1.0, "1.02 × faster"),
        (0.0, 1.0, ""),
    ],
)
def test_a_change_is_told_by_its_direction(before, after, text):
    assert quantity.times(before, after, "faster", "slower").replace(quantity.GAP, " ") == text


def test_a_change_of_accuracy_is_in_points():
    assert quantity.points(0.93, 0.94) == "+1.00 points"
    assert quantity.points(0.94, 0.93) == "−1.00 points"
    assert quantity.points(0.9, 0.9) == "no loss"
