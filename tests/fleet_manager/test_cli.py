from __future__ import annotations

import re
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from edge_contracts.errors import BadInputError
from fleet_manager.broker_choice import parse_broker
from fleet_manager.cli import fleet
from fleet_manager.ingest.ingest import NoBroker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("broker", ("broker", 1883)),
        ("broker:8883", ("broker", 8883)),
        ("[::1]:1884", ("::1", 1884)),
        ("[::1]", ("::1", 1883)),
        ("::1", ("::1", 1883)),
        ("fe80::1:2%eth0", ("fe80::1:2%eth0", 1883)),
        ("2001:db8::5:beef", ("2001:db8::5:beef", 1883)),
        ("2001:db8::5:0", ("2001:db8::5:0", 1883)),
        ("[2001:db8::5:8883]", ("2001:db8::5:8883", 1883)),
    ],
)
def test_a_broker_is_a_host_and_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_broker(text) == expected


@pytest.mark.parametrize("text", [
    "", ":1883", "host:", "host:0", "host:70000", "host:mqtt", "mqtt://host:1883", "host:²", "the host", "[::1",
])  # fmt: skip
def test_what_is_no_broker_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInputError, match="for example"):
        parse_broker(text)


@pytest.mark.parametrize("text", ["::1:1883", "fe80::1:1883", "2001:db8::5:8883"])
def test_an_address_whose_last_group_may_be_a_port_is_asked_about(text: str) -> None:
    host, _, port = text.rpartition(":")
    with pytest.raises(BadInputError, match=re.escape(f"write [{host}]:{port} or [{text}]")):
        parse_broker(text)


@pytest.mark.parametrize("text", ["mqtt://me:secret@host:1883", "me:secret@host:1883", "me:secret/x@host"])
def test_of_a_broker_with_a_password_nothing_is_shown(text: str) -> None:
    with pytest.raises(BadInputError, match="--username and --password-file") as caught:
        parse_broker(text)
    assert "secret" not in str(caught.value)


def test_no_broker_within_the_time_is_an_answer_with_a_next_step(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{unused.getsockname()[1]}"
        store = str(tmp_path / "alerts.sqlite")
        result = CliRunner().invoke(
            fleet, ["listen", "--quiet", "--broker", where, "--store", store, "--give-up-after", "0"]
        )
    assert isinstance(result.exception, NoBroker)
    assert f"wanted a broker at {where}" in result.stderr
    assert "start one (mosquitto -p" in result.stderr


def test_a_broker_whose_name_leads_nowhere_is_told_to_be_checked(tmp_path: Path) -> None:
    listen = ["listen", "--quiet", "--broker", "nohost.invalid:1883", "--store", str(tmp_path / "alerts.sqlite")]
    result = CliRunner().invoke(fleet, [*listen, "--give-up-after", "0"])
    assert isinstance(result.exception, NoBroker)
    assert "wanted a broker at nohost.invalid:1883" in result.stderr
    assert "check the broker's name" in result.stderr
    assert "mosquitto" not in result.stderr


def test_a_store_that_is_another_file_is_refused_before_anything_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "recipes.sqlite"
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE recipes (name)")
    result = CliRunner().invoke(fleet, ["listen", "--store", str(path)])
    assert isinstance(result.exception, BadInputError)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(fleet, ["listen", "--ca", str(tmp_path / "ca.pem")])
    assert "ca.pem" in str(result.exception)
    assert "correct the path" in str(result.exception)


def test_a_certificate_without_its_authority_is_refused_before_anything_is_heard(tmp_path: Path) -> None:
    for name in ("own.pem", "own.key"):
        (tmp_path / name).write_text("PEM")
    own = ["--certificate", str(tmp_path / "own.pem"), "--key", str(tmp_path / "own.key")]
    result = CliRunner().invoke(fleet, ["listen", "--store", str(tmp_path / "alerts.sqlite"), *own])
    assert isinstance(result.exception, BadInputError)
    assert "give the CA's PEM file" in str(result.exception)
    assert not (tmp_path / "alerts.sqlite").exists()


@pytest.mark.parametrize("user", [[], ["--username", "line"]])
def test_a_password_without_tls_is_said_once(tmp_path: Path, user: list[str]) -> None:
    (tmp_path / "password").write_text("secret\n")
    options = ["--store", str(tmp_path / "alerts.sqlite"), "--password-file", str(tmp_path / "password"), *user]
    broker = ["--broker", "127.0.0.1:1", "--quiet", "--give-up-after", "0"]
    said = CliRunner().invoke(fleet, ["listen", *broker, *options]).stderr
    assert said.count("in plain text") == 1
    assert "secret" not in said
