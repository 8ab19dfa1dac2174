"""Damaged firmware images are refused in words: a sample of `make fuzz-images`."""

from tests.fuzz.firmware_images import drive, sounds


def test_a_sample_of_damaged_images_is_read_or_refused_in_words():
    outcomes, failures = drive(3000, seed=7)
    assert failures == []
    assert {key.partition("|")[0] for key in outcomes} == set(sounds())
    assert sum(found for key, found in outcomes.items() if key.endswith("|refused")) > 1000
