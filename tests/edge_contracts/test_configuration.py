"""What a device reports of its configuration always fits its topic."""

from __future__ import annotations

import pytest

from edge_contracts.configuration import LONGEST_ERROR, MOST_ERRORS, Phase, Reported, short_errors, signed_bytes
from edge_contracts.topics import leaf_of


@pytest.mark.parametrize("character", ["x", '"', "工", "\x1b"])
def test_the_longest_report_fits_in_every_script(character):
    errors = short_errors([character * (LONGEST_ERROR + 1)] * MOST_ERRORS)
    body = Reported(revision=2**53 - 1, hash="a" * 64, heard=2**53 - 1, phase=Phase.ROLLED_BACK, errors=errors)
    assert len(body.model_dump_json().encode()) <= leaf_of("reported").limit_bytes


def test_more_errors_than_fit_are_counted():
    told = short_errors([f"error {number}" for number in range(20)])
    assert (len(told), told[0], told[-1]) == (MOST_ERRORS, "error 0", "… and 9 more")


def test_what_is_signed_names_device_revision_and_text():
    assert signed_bytes("lepton/1/a/b/c", 7, "ff") == b"lepton-configuration-v1\nlepton/1/a/b/c\n7\nff\n"
