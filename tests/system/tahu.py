"""The other side's reader: PySparkplug with Eclipse Tahu's descriptor, in a process and environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from required import require_sparkplug_python

from tests.fakes.sparkplug_wire import SaidMetric, SaidPayload

READER = Path(__file__).with_name("sparkplug_reader.py")


class TahuReader:
    """Asks the process for each message; what it cannot read fails the test."""

    def __init__(self) -> None:
        command = [require_sparkplug_python(), str(READER)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.values: dict[str, Any] = {}

    def read(self, topic: str, body: bytes) -> SaidPayload:
        """The fields of a message; `values` has those of its metrics by name."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([topic, body.hex()]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"PySparkplug refused a message on {topic}"
        answer = json.loads(line)
        self.values = answer["values"]
        fields = answer["fields"]
        metrics = [SaidMetric(**one) for one in fields["metrics"]]
        return SaidPayload(fields["timestamp"], fields["seq"], metrics)

    def close(self) -> None:
        self._process.communicate(timeout=10)
