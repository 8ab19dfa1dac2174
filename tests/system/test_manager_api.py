"""The interface under the real server: uploads that break off, stand still, or come many at once."""

import hashlib
import http.client
import random
import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest
import uvicorn

from fleet_manager.api.application import create_app
from fleet_manager.api.services import Services, Settings
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import Limits
from fleet_manager.people.roles import Grant, Role
from tests.fakes.patience import eventually
from tests.fakes.people import office_with_admin
from tests.fakes.stores import opened_store

pytestmark = pytest.mark.system
HALL = "plant/hall"
FILE = random.Random(5).randbytes(3 << 20)
NAME = hashlib.sha256(FILE).hexdigest()


@contextmanager
def served(folder, settings):
    """A manager behind uvicorn; its port, and the token of a device."""
    store = opened_store(folder / "fleet.sqlite")
    office = office_with_admin(store.engine)
    office.join("board", (Grant(HALL, Role.DEVICE),))
    person = office.people.gate.person(office.log_in("board"))
    secret = office.people.tokens.make(person, "test", person.grants, 30)[0]
    limits = Limits(file_bytes=8 << 20, total_bytes=64 << 20, free_bytes=0)
    evidence = DiskEvidence(folder / "evidence", limits, time.monotonic)
    services = Services(
        store.engine,
        office.people,
        evidence,
        list,
        office.clock,
        time.monotonic,
        random.Random(7).randbytes,
        settings=settings,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(create_app(services), log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="manager")
        thread.start()
        eventually(lambda: server.started, 10)
        try:
            yield listener.getsockname()[1], secret
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()
    store.close()


@pytest.fixture(scope="module")
def manager(tmp_path_factory):
    with served(tmp_path_factory.mktemp("manager"), Settings(patience_s=0.5)) as found:
        yield found


def headers_of(secret, first, content):
    where = f"bytes {first}-{len(content) - 1}/{len(content)}"
    return {"Authorization": f"Bearer {secret}", "Lepton-Device": "plant/hall/line-1", "Content-Range": where}


def ask(manager, method, name, first=0, content=FILE):
    port, secret = manager
    body = content[first:] if method == "PUT" else None
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(method, f"/v1/evidence/{name}", body, headers_of(secret, first, content))
        with connection.getresponse() as answer:
            answer.read()
    return answer.status, int(answer.headers.get("Upload-Offset", 0))


def begun(manager, name, came, content):
    """A connection on which some bytes of an upload went, and no more."""
    port, secret = manager
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("PUT", f"/v1/evidence/{name}")
    for key, value in headers_of(secret, 0, content).items():
        connection.putheader(key, value)
    connection.putheader("Content-Length", str(len(content)))
    connection.endheaders(content[:came])
    return connection


def test_what_came_before_a_connection_broke_is_kept_and_gone_on_with(manager):
    connection = begun(manager, NAME, 1 << 20, FILE)
    connection.close()
    kept = []

    def goes_on() -> bool:
        status, offset = ask(manager, "HEAD", NAME)
        kept.append(offset)
        return status == 308 and offset >= 1 << 19 and ask(manager, "PUT", NAME, offset) == (201, 0)

    eventually(goes_on, 10)  # the server may drop what it had read and not yet handed on when the connection broke
    assert kept[-1] <= 1 << 20
    assert ask(manager, "HEAD", NAME) == (200, 0)


def test_an_upload_that_stands_still_is_ended_and_what_came_is_kept(manager):
    content = FILE[::-1]
    name = hashlib.sha256(content).hexdigest()
    connection = begun(manager, name, 5000, content)
    with closing(connection), connection.getresponse() as answer:
        assert answer.status == 408
        answer.read()
    assert ask(manager, "HEAD", name) == (308, 5000)


def test_many_files_at_once_all_arrive(manager):
    contents = [bytes([number]) + FILE[: 1 << 20] for number in range(12)]
    answers = {}

    def send(content):
        name = hashlib.sha256(content).hexdigest()
        answers[name] = ask(manager, "PUT", name, 0, content)[0]

    threads = [threading.Thread(target=send, args=(one,), name=f"board-{n}") for n, one in enumerate(contents)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert list(answers.values()) == [201] * len(contents)


def test_while_the_places_are_taken_others_are_sent_away_and_come_in_later(tmp_path):
    with served(tmp_path, Settings(uploads_at_once=1, patience_s=10)) as manager:
        held = begun(manager, NAME, 1 << 20, FILE)
        eventually(lambda: ask(manager, "HEAD", NAME)[1] > 0)
        small = b"small"
        name = hashlib.sha256(small).hexdigest()
        assert ask(manager, "PUT", name, 0, small)[0] == 429
        held.send(FILE[1 << 20 :])
        assert held.getresponse().status == 201
        held.close()
        assert ask(manager, "PUT", name, 0, small)[0] in {200, 201}
