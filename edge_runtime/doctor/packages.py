"""Which Python parts the station needs, and whether they are installed."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "packages"
_ALWAYS = {"numpy": "", "pydantic": "", "cv2": "camera"}
_BY_SOURCE = {"serial": ("serial", "serial"), "microphone": ("sounddevice", "sound"), "csi": ("picamera2", "")}
_BY_WIRE = {
    "serial": ("serial", "serial"),
    "microcontroller": ("serial", "serial"),
    "gpio": ("gpiod", "gpio"),
    "modbus": ("pymodbus", "modbus"),
}
"""Kind: the module that it needs, and the extra that brings it."""
_STEPS = {"picamera2": "sudo apt install python3-picamera2, and a virtual environment with --system-site-packages"}


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """One finding for the distribution, and one per module that cannot be imported."""
    del chart
    needed = dict(_ALWAYS)
    for point in patient.config.points:
        source, trigger = _BY_SOURCE.get(point.source.kind), _BY_WIRE.get(point.trigger.kind)
        needed.update(pair for pair in (source, trigger) if pair is not None)
    needed.update(_BY_WIRE[output.kind] for output in patient.config.outputs if output.kind in _BY_WIRE)
    if patient.config.web is not None:
        needed |= {"starlette": "web", "uvicorn": "web"}
    if patient.config.uplink is not None:
        needed["paho.mqtt.client"] = ""
    missing = [finding for module, extra in needed.items() if (finding := _missing(module, extra)) is not None]
    yield from missing
    if not missing:
        yield Finding(CHECK, "", Standing.OK, f"lepton-edge {_version()}, {', '.join(needed)} can be imported")


def _missing(module: str, extra: str) -> Finding | None:
    try:
        import_module(module)
    except (ImportError, OSError) as error:  # sounddevice raises OSError where PortAudio itself is missing
        wanted = f"the module {module!r}"
        step = f"pip install 'lepton-edge[{extra}]'" if extra else _STEPS.get(module, "install lepton-edge anew")
        return Finding(CHECK, module, Standing.FAILED, f"it cannot be imported ({error})", wanted, step)
    return None


def _version() -> str:
    try:
        return version("lepton-edge")
    except PackageNotFoundError:
        return "from a checkout"
