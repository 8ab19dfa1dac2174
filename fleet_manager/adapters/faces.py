"""Builds, starts and stops the faces that a site asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_manager.adapters.ear import DeviceEar
from fleet_manager.adapters.news import Gone
from fleet_manager.adapters.runner import FaceRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.connection import Surroundings
    from fleet_manager.adapters.face import Face
    from fleet_manager.adapters.settings import AdapterSettings
    from fleet_manager.ingest.broker_link import BrokerOptions


@dataclass(frozen=True, slots=True)
class FaceHealth:
    """How one face does.

    name: the face's. is_connected: whether it has a broker. published: messages since the start. waiting: news that
    it has not been told yet.
    """

    name: str
    is_connected: bool
    published: int
    waiting: int


@dataclass(frozen=True, slots=True)
class FacesHealth:
    """How all do.

    is_hearing: whether the devices' broker is heard. passed_over: messages there that were not understood.
    """

    is_hearing: bool
    passed_over: int
    faces: tuple[FaceHealth, ...]


class Faces:
    """Nothing of this touches the store or the ingest.

    Args:
        settings: which faces.
        site: the devices' broker; its client id is the first part of the faces' own.
        version: the manager's own.
        surroundings: clocks, randomness, links.

    Raises:
        BadInputError: a face's broker has a wrong password or certificate file.
        MissingExtraError: a face's library is not installed.

    Example:
        faces = Faces(settings, options, version("lepton-edge"))
        faces.start()
        faces.forget(DeviceAddress("plant", "hall", "station-1"))
        faces.stop()
    """

    def __init__(
        self, settings: AdapterSettings, site: BrokerOptions, version: str, surroundings: Surroundings | None = None
    ) -> None:
        self._runners = [FaceRunner(face, options, surroundings) for face, options in _chosen(settings, site, version)]
        mailboxes = [runner.mailbox for runner in self._runners]
        self._ear = DeviceEar(_named(site, "faces"), mailboxes, surroundings)

    def start(self) -> None:
        """Begin; without a face nothing runs."""
        for part in self._parts():
            part.start()

    def stop(self) -> None:
        """Say farewell everywhere at once, then wait.

        Raises:
            TimeoutError: a thread did not end in time.
        """
        for part in self._parts():
            part.ask_to_stop()
        for part in self._parts():
            part.stop()

    def forget(self, device: DeviceAddress) -> None:
        """A device was removed by a person: nothing of it is to remain in any face."""
        self._ear.post(Gone(device))

    def health(self) -> FacesHealth:
        """How each does."""
        each = [FaceHealth(one.name, one.is_connected, one.published, len(one.mailbox)) for one in self._runners]
        return FacesHealth(self._ear.is_connected, self._ear.passed_over, tuple(each))

    def _parts(self) -> list[DeviceEar | FaceRunner]:
        return [*self._runners, self._ear] if self._runners else []


def _chosen(settings: AdapterSettings, site: BrokerOptions, version: str) -> Iterator[tuple[Face, BrokerOptions]]:
    """Each face with its broker; a face's modules are loaded when it is asked for."""
    if settings.home_assistant is not None:
        from fleet_manager.adapters.home_assistant.face import HomeAssistantFace  # noqa: PLC0415

        yield HomeAssistantFace(settings.home_assistant, version), _named(site, "home-assistant")
    for one in settings.sparkplug:
        from fleet_manager.adapters.sparkplug.codec import PayloadCodec  # noqa: PLC0415
        from fleet_manager.adapters.sparkplug.edge_node import EdgeNode  # noqa: PLC0415

        node = EdgeNode(one, PayloadCodec(), version)
        yield node, _named(site, node.name) if one.broker is None else one.broker.options(f"lepton-{node.name}")
    if settings.unified_namespace is not None:
        from fleet_manager.adapters.unified_namespace.face import UnifiedNamespaceFace  # noqa: PLC0415

        face, own = UnifiedNamespaceFace(settings.unified_namespace), settings.unified_namespace.broker
        yield face, _named(site, face.name) if own is None else own.options(f"{site.client_id}-{face.name}")


def _named(site: BrokerOptions, face: str) -> BrokerOptions:
    """The devices' broker, under a client id of the face's own."""
    return replace(site, client_id=f"{site.client_id}-{face}")
