"""The faces of a site in a process that a test can kill: settings as JSON, the broker's port; SIGTERM ends it."""

from __future__ import annotations

import signal
import sys
import threading

from fleet_manager.adapters.faces import Faces
from fleet_manager.adapters.settings import AdapterSettings
from fleet_manager.ingest.broker_link import BrokerOptions


def main(settings: str, port: str, mqtt: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    options = BrokerOptions("127.0.0.1", int(port), "lepton-fleet", mqtt="5" if mqtt == "5" else "3.1.1")
    faces = Faces(AdapterSettings.model_validate_json(settings), options, "1.2.3")
    faces.start()
    while not stop.wait(0.05):
        pass
    faces.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
