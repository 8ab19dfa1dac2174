"""Loggers' tables as they come; what is no steady series of numbers is refused with its place."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from training.dataset.logged_table import read_table


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_heading_names_the_channels_and_the_time_gives_the_rate(tmp_path):
    found = read_table(table(tmp_path, "time,force,travel\n0,1,10\n0.01,2,20\n0.02,3,30\n"))
    assert found.channels == ("force", "travel")
    assert found.rate_hz == pytest.approx(100)
    assert found.values.tolist() == [[1, 10], [2, 20], [3, 30]]


def test_semicolons_with_decimal_commas_and_a_byte_order_mark_are_read(tmp_path):
    found = read_table(table(tmp_path, "Time (s);Kraft\n0,0;1,5\n0,5;-2,25\n", "utf-8-sig"))
    assert (found.channels, found.rate_hz) == (("Kraft",), 2)
    assert found.values[:, 0].tolist() == [1.5, -2.25]


def test_what_parts_cells_may_stand_inside_of_quotes(tmp_path):
    found = read_table(table(tmp_path, '"force; kN",speed\n1,2\n'))
    assert (found.channels, found.values.tolist()) == (("force; kN", "speed"), [[1, 2]])


def test_milliseconds_are_told_by_their_name(tmp_path):
    assert read_table(table(tmp_path, "Time [ms],a\n0,1\n5,2\n10,3\n")).rate_hz == pytest.approx(200)


def test_bare_numbers_have_numbered_channels_and_no_rate(tmp_path):
    found = read_table(table(tmp_path, "1\t2\n3\t4\n\n"))
    assert (found.channels, found.rate_hz) == (("channel 1", "channel 2"), 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3\n", "wanted 2 numbers in line 3"),
        ("a,b\n1,2\n3,x\n", "wanted numbers in line 3"),
        ("a\n1\nnan\n", "wanted 1 numbers in line 3"),
        ("a,b\n", "wanted rows of numbers"),
        ("", "wanted rows of numbers"),
        ("time,a\n0,1\n1,1\n5,1\n6,1\n", "wanted readings every 1 s in .*, found 4 s after reading 2;"),
        ("time,a\n1,1\n1,1\n1,1\n", "a time that goes on"),
        ("time\n1\n2\n", "found only the time"),
        ("timestamp,a\n1,1\n2,2\n", "wanted one column 'time' in seconds.* found 'timestamp'"),
        ("time,t,a\n0,0,1\n1,1,2\n", "found 'two'"),
        ("a\n1e300\n", "wanted readings below 3e\\+38"),
    ],
)
def test_what_is_no_steady_series_is_refused_with_its_place(tmp_path, text, words):
    with pytest.raises(BadInputError, match=words):
        read_table(table(tmp_path, text))


@given(st.binary(max_size=400) | st.text("0123456789.,;-\t\n\"'aeinf ", max_size=400).map(str.encode))
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "log.csv"
    path.write_bytes(content)
    with contextlib.suppress(BadInputError):
        found = read_table(path)
        assert np.isfinite(found.values).all()
        assert found.values.shape[1] == len(found.channels)
