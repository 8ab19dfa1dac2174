"""A whole site for tests of the pages: devices, alerts of every kind, evidence of drawn parts, people, a server."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time as clock
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import uvicorn

from fleet_manager.api.application import create_app
from fleet_manager.api.rule_routes import rule_keeping
from fleet_manager.api.services import Services
from fleet_manager.arrival import judge
from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.desk import GAP_MS
from fleet_manager.desk.following import follow
from fleet_manager.desk.production import note_counts
from fleet_manager.desk.running_counts import Counts
from fleet_manager.desk.shift_plans import save_shifts
from fleet_manager.desk.shifts import Shift, ShiftPlan
from fleet_manager.evidence.disk_store import DiskEvidence
from fleet_manager.evidence.evidence_store import Limits
from fleet_manager.pages.page_parts import PageParts
from fleet_manager.pages.router import add_pages, live_feed
from fleet_manager.people.assembly import People, assemble_people
from fleet_manager.people.principal import SYSTEM
from fleet_manager.people.provider_door import provider_door
from fleet_manager.people.roles import Grant, Role
from fleet_manager.store.database import writing
from lepton.demo.parts import draw_part
from tests.fakes.desks import leave_nothing
from tests.fakes.people import PASSWORD, quick_passwords
from tests.fakes.stores import opened_store
from tests.fakes.web import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_manager.arrival import Arrival
    from fleet_manager.pages.live_feed import LiveFeed
    from fleet_manager.people.oidc_settings import OidcSettings
    from fleet_manager.store.alert_store import AlertStore

EPOCH = "00000000000000aa"
MODEL = hashlib.sha256(b"bracket-v3").hexdigest()
NORTH, SOUTH = "acme/north", "acme/south"
PRESS, PAINT, WELD = f"{NORTH}/press-1", f"{NORTH}/paint-2", f"{SOUTH}/weld-1"
SPARE, LEGACY = f"{SOUTH}/weld-2", f"{SOUTH}/legacy-7"
DEVICES = (PRESS, PAINT, WELD, SPARE, LEGACY)
_PATIENCE_S = 20.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def arrival(address: str, leaf: str, content: dict[str, Any]) -> Arrival:
    return judge(f"lepton/1/{address}/{leaf}", json.dumps(content).encode())


@dataclass
class Stations:
    """What stations send to a store; sequences go on by themselves."""

    store: AlertStore
    evidence: DiskEvidence
    seqs: Counter[str] = field(default_factory=Counter)

    def tell(self, address: str, leaf: str, content: dict[str, Any]) -> None:
        one = arrival(address, leaf, content)
        assert not one.why, one.why
        assert not self.store.take([one]).refused

    def alert(self, address: str, ago_s: float = 0, **data: Any) -> int:
        """Store an alert; gives its number."""
        defect = {"outcome": "defect", "cause": "threshold", "label": "scratch", "score": 0.81, "threshold": 0.5}
        common = {
            "point": "gate",
            "part": f"{4001 + self.seqs.total()}",
            "reason": "",
            "latency_ms": 41.5,
            "model": MODEL,
        }
        told = {**common, **(defect if "cause" not in data else {}), **data}
        self.tell(address, "alert", self._event(address, "lepton.alert.v1", ago_s, told))
        with self.store.engine.connect() as con:
            return int(con.exec_driver_sql("select max(id) from alerts").scalar_one())

    def gap(self, address: str, first: int, last: int) -> None:
        data = {"of_epoch": EPOCH, "ranges": [{"first": first, "last": last}], "count": last - first + 1, "why": "shed"}
        self.tell(address, "gap", self._event(address, "lepton.gap.v1", 0, data))

    def keep(self, site: str, content: bytes, kind: str) -> dict[str, Any]:
        """Evidence that has come; gives what an alert says of it."""
        digest = hashlib.sha256(content).hexdigest()
        receipt = self.evidence.receive(site, digest, 0, len(content))
        if receipt is not None:
            receipt.write(content)
            receipt.close()
        return {"kind": kind, "sha256": digest, "media_type": "image/jpeg", "bytes": len(content)}

    def _event(self, address: str, kind: str, ago_s: float, data: dict[str, Any]) -> dict[str, Any]:
        at = time.gmtime(time.time() - ago_s)
        self.seqs[address] += 1
        seq = self.seqs[address]
        return {
            "id": f"0190aaaa-0000-7000-8000-{self.seqs.total():012x}",
            "source": f"lepton/1/{address}",
            "type": kind,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", at),
            "epoch": EPOCH,
            "seq": seq,
            "clk": "ntp",
            "mono": seq,
            "data": data,
        }


def _on_belt(drawn: NDArray[np.uint8]) -> NDArray[np.float32]:
    colour, cover = drawn[..., 2::-1].astype(np.float32), drawn[..., 3:].astype(np.float32) / 255
    return np.asarray(colour * cover + np.array([78, 74, 58], np.float32) * (1 - cover), np.float32)


@cache
def pictures(kind: str, defect: str, seed: int) -> tuple[bytes, bytes]:
    """A drawn part with its defect, and the same with a heat map over it, both JPEG."""
    bad = _on_belt(draw_part(kind, np.random.default_rng(seed), defect, severity=1.0))
    good = _on_belt(draw_part(kind, np.random.default_rng(seed)))
    heat = cv2.GaussianBlur(np.abs(bad - good).max(axis=2), (0, 0), 9)
    heat = np.clip(heat / max(float(heat.max()), 1e-6), 0, 1)[..., None]
    colours = cv2.applyColorMap((heat[..., 0] * 255).astype(np.uint8), cv2.COLORMAP_INFERNO).astype(np.float32)
    over = bad * (1 - 0.75 * heat) + colours * 0.75 * heat
    return _jpeg(bad), _jpeg(over)


def _jpeg(picture: NDArray[np.float32]) -> bytes:
    done, coded = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return coded.tobytes()


def seed_devices(stations: Stations) -> None:
    for at, address in enumerate(DEVICES):
        ack = "broker" if address == LEGACY else "manager"
        points = [{"name": "gate", "source": "rtsp rtsp://camera/1", "bundle": "bracket-v3", "model": MODEL}]
        birth = {
            "session": 12 + at, "epoch": EPOCH, "version": "0.1.0", "hardware": "Raspberry Pi 5 Model B, 8 GB",
            "system": "Debian 13, Linux 6.12", "python": "3.11.9", "runtime": "ai-edge-litert 2.1.0", "ack": ack,
            "points": points, "capabilities": ["heat-map", "part-id", "cmd/ping", "cmd/restart", "desired", "upload"],
            "certificate_end": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 86_400 * (12 + 60 * at))),
        }  # fmt: skip
        stations.tell(address, "birth", birth)
        stations.tell(address, "status", {"status": "offline" if address == SPARE else "online", "session": 12 + at})
        counts = {"point": "gate", "last": "good", "good": 18_240 + 7 * at, "defect": 61, "unknown": 9, "p95_ms": 44.0}
        state = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "clk": "ntp", "uptime_s": 183_000.0,
            "spool_depth": 7 if address == WELD else 0, "spool_age_s": 42.0 if address == WELD else 0.0,
            "disk_free_bytes": 21_400_000_000, "temperature_c": 61.5, "throttled": False,
            "memory_free_bytes": 5_120_000_000, "points": [counts],
        }  # fmt: skip
        stations.tell(address, "state", state)
    alarm = {"type": "drift", "active": True, "severity": "warning", "count": 1, "where": ["gate"]}
    stations.tell(PAINT, "alarm/drift", {**alarm, "reason": "scores of good parts have moved by 2.1 sigma"})
    camera = {**alarm, "type": "camera", "severity": "critical", "reason": "no frame for 40 s: rtsp://camera/1"}
    stations.tell(SPARE, "alarm/camera", camera)


def seed_alerts(stations: Stations) -> None:
    drawn = [
        ("bracket", "scratch"),
        ("cap", "contamination"),
        ("badge", "missing"),
        ("cap", "dent"),
        ("badge", "wrong"),
    ]
    for at in range(15):
        kind, defect = drawn[at % 5]
        address = (PRESS, PAINT, WELD)[at % 3]
        site = address.rpartition("/")[0]
        plain, hot = pictures(kind, defect, at % 5)
        evidence = [stations.keep(site, plain, "image"), stations.keep(site, hot, "heat-map")]
        severity = ("critical", "warning", "warning")[at % 3]
        reason = f"score {0.6 + at / 50:.2f} is above the limit of 0.50, highest at the upper left"
        stations.alert(
            address, (15 - at) * 340, outcome="defect", cause="threshold", label=defect, severity=severity,
            evidence=evidence, reason=reason, score=0.6 + at / 50, threshold=0.5,
        )  # fmt: skip
    unknown = {"outcome": "unknown", "severity": "info"}
    stations.alert(WELD, 300, cause="dark", reason="mean light 8 of 255: is the lamp on?", count=37, **unknown)
    stations.alert(PAINT, 200, cause="blurred", reason="sharpness 21, wanted 60", **unknown)
    stations.alert(SPARE, 160, cause="source-lost", reason="the camera does not answer", count=412, **unknown)
    stations.gap(SPARE, 3, 5)
    stations.seqs[SPARE] = 5
    late = {"kind": "image", "sha256": "ab" * 32, "media_type": "image/jpeg", "bytes": 9}
    stations.alert(PRESS, 60, evidence=[late], severity="critical", reason="score 0.81 is above the limit of 0.50")


def seed_production(stations: Stations) -> None:
    now, rng = now_ms(), np.random.default_rng(5)
    plan = ShiftPlan("Europe/Berlin", (Shift("early", clock(6)), Shift("late", clock(14)), Shift("night", clock(22))))
    with writing(stations.store.engine) as con:
        save_shifts(con, NORTH, plan)
        for address in DEVICES[:3]:
            made = Counts()
            for quarter in range(96):
                fresh = Counts(int(rng.integers(150, 210)), int(rng.integers(0, 9)), int(rng.integers(0, 4)))
                made += fresh
                note_counts(con, address, "gate", made, now - (96 - quarter) * 900_000, now - 97 * 900_000, MODEL)


def count_alerts(stations: Stations) -> None:
    """What a follower of the manager does behind the ingest."""
    for reader in (AlertCounter(), CaseReader(GAP_MS)):
        while follow(stations.store.engine, reader, lambda _seconds: None, leave_nothing):
            pass


def seed_quarantine(stations: Stations) -> None:
    """A message in another station's name, one that is none, one that names no device."""
    alert = {"id": "x", "source": f"lepton/1/{PAINT}"}
    refused = [arrival(PRESS, "alert", alert), judge(f"lepton/1/{WELD}/alert", b"\x00\x01 not json" + bytes(range(60)))]
    for _ in range(3):
        stations.store.take([*refused, judge("lepton/1/Acme/north/press-1/alert", b"{}")])


def join(people: People, name: str, grant: Grant) -> None:
    people.accounts.make(SYSTEM, name, [grant])
    people.links.redeem(people.links.invite(SYSTEM, name), PASSWORD)


@dataclass
class ManagerSite:
    """A manager that serves its pages."""

    address: str
    stations: Stations
    people: People
    set_up: str
    feed: LiveFeed


@contextmanager
def manager_site(folder: Path, *, seeded: bool = True, oidc: OidcSettings | None = None) -> Iterator[ManagerSite]:
    """Serve a site until the end of the block; seeded, it has anna the admin, otto the operator, vera the viewer."""
    store = opened_store(folder / "manager.sqlite", now_ms)
    people = assemble_people(store.engine, quick_passwords())
    evidence = DiskEvidence(folder / "evidence", Limits(free_bytes=0), time.monotonic)
    stations = Stations(store, evidence)
    secret = people.links.first_set_up() or ""
    if seeded:
        people.links.redeem(secret, PASSWORD, "anna")
        join(people, "otto", Grant(NORTH, Role.OPERATOR))
        join(people, "vera", Grant("*", Role.VIEWER))
        seed_devices(stations)
        seed_alerts(stations)
        seed_production(stations)
        count_alerts(stations)
        seed_quarantine(stations)
    services = Services(store.engine, people, evidence, lambda: (), now_ms, time.monotonic, os.urandom)
    feed = live_feed(store.engine)
    with _served(services, feed, oidc) as address:
        yield ManagerSite(address, stations, people, secret, feed)
    store.close()


@contextmanager
def _served(services: Services, feed: LiveFeed, oidc: OidcSettings | None) -> Iterator[str]:
    app, port = create_app(services), free_port()
    address = f"http://127.0.0.1:{port}"
    door = oidc and provider_door(oidc, address, services.engine, services.people, now_ms, time.monotonic)
    parts = PageParts(
        services.engine,
        services.people,
        services.evidence,
        services.unix_ms,
        rule_keeping(services),
        services.waits_for,
        provider=door,
    )
    add_pages(app, parts, feed)
    config = uvicorn.Config(app, "127.0.0.1", port, log_level="warning", lifespan="off", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), name="pages-server")
    thread.start()
    until_s = time.monotonic() + _PATIENCE_S
    while not server.started:
        assert thread.is_alive(), "the server ended"
        assert time.monotonic() < until_s, "the server did not start"
        time.sleep(0.02)
    try:
        yield address
    finally:
        feed.close()
        server.should_exit = True
        thread.join(_PATIENCE_S)
        assert not thread.is_alive()
