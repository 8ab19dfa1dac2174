"""Whole files in an S3 bucket, under the names that they have in a folder: `{org}/{site}/{two digits}/{sha256}`.

An object is there whole or not at all, and the bucket checks the SHA-256 of what it gets. obstore speaks with it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError, MissingExtraError
from fleet_manager.evidence.evidence_store import BLOCK_BYTES, EvidenceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from obstore.store import ClientConfig, S3Store

    from fleet_manager.evidence.bucket_settings import BucketSettings

SITES_KEPT_S: Final = 600.0
"""How long the list of sites is taken from memory; a site that sends something here is known at once."""
LOOK_S: Final = 5.0
"""How long the bucket may take to say what it has."""
LOOKS_AT_ONCE: Final = 16
"""Questions to the bucket at the same time: one that hangs takes no more of the manager's threads."""
_PLACE_S: Final = 0.5
"""How long a further question waits for its turn before it is sent away."""
_KEEP_S: Final = 60.0
_PARTS_AT_ONCE: Final = 2
"""Of 5 MiB each, of one large file: what an upload holds in memory."""


class BucketShelf:
    """Whole files in a bucket. Thread-safe.

    Args:
        settings: which, and who we are there.
        monotonic_s: seconds that never go back.
        look_s: how long the bucket may take to say what it has.

    Raises:
        MissingExtraError: obstore is not installed.
        BadInputError: the settings name no bucket that could be.
    """

    def __init__(self, settings: BucketSettings, monotonic_s: Callable[[], float], look_s: float = LOOK_S) -> None:
        self._store, self._name = _opened(settings, _KEEP_S), settings.s3
        self._looks, self._places = _opened(settings, look_s), threading.BoundedSemaphore(LOOKS_AT_ONCE)
        self._monotonic_s, self._lock = monotonic_s, threading.Lock()
        self._sites: tuple[float, set[str]] | None = None

    @property
    def is_elsewhere(self) -> bool:
        """A whole file leaves the disk."""
        return True

    def sites(self) -> list[str]:
        """Every site that has something in the bucket, `org/site` each.

        Raises:
            EvidenceAway: the bucket does not answer.
        """
        with self._place(), self._lock:
            now_s = self._monotonic_s()
            if self._sites is None or now_s - self._sites[0] > SITES_KEPT_S:
                self._sites = (now_s, set(self._listed()))
            return sorted(self._sites[1])

    def size(self, site: str, sha256: str) -> int | None:
        """The bytes of a whole file; None where it is not there.

        Raises:
            EvidenceAway: the bucket does not answer.
        """
        import obstore  # noqa: PLC0415 - an extra

        with self._place(), self._asked():
            try:
                return int(obstore.head(self._looks, _key(site, sha256))["size"])
            except FileNotFoundError:
                return None

    def keep(self, part: Path, site: str, sha256: str) -> None:
        """Bring a part into the bucket, then remove it here.

        Raises:
            EvidenceAway: the bucket did not take it; the part stays.
        """
        import obstore  # noqa: PLC0415 - an extra

        with self._asked():
            obstore.put(self._store, _key(site, sha256), part, max_concurrency=_PARTS_AT_ONCE)
        part.unlink(missing_ok=True)
        with self._lock:
            if self._sites is not None:
                self._sites[1].add(site)

    def blocks(self, site: str, sha256: str, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` to before `end`, a block at a time.

        Raises:
            FileNotFoundError: it is not there.
            EvidenceAway: the bucket does not answer.
        """
        import obstore  # noqa: PLC0415 - an extra

        if first >= end:
            return
        with self._asked(may_be_absent=True):
            found = obstore.get(self._store, _key(site, sha256), options={"range": (first, end)})
            for block in found.stream(min_chunk_size=BLOCK_BYTES):
                yield bytes(block)

    def _listed(self) -> Iterator[str]:
        import obstore  # noqa: PLC0415 - an extra

        with self._asked():
            for org in obstore.list_with_delimiter(self._looks)["common_prefixes"]:
                yield from obstore.list_with_delimiter(self._looks, f"{org}/")["common_prefixes"]

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=_PLACE_S):
            raise EvidenceAway(f"wanted the bucket {self._name} to answer, found too many who wait for it: ask later")
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def _asked(self, *, may_be_absent: bool = False) -> Iterator[None]:
        """What obstore raises, in the words of the house; a file that may be absent, and is, stays what it is."""
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        try:
            yield
        except (BaseError, OSError, ValueError) as err:
            if may_be_absent and isinstance(err, FileNotFoundError):
                raise
            raise EvidenceAway(
                f"wanted the bucket {self._name} to answer, found {type(err).__name__}: {_first_line(err)}"
            ) from err


def _opened(settings: BucketSettings, within_s: float) -> S3Store:
    """The bucket; a request that hangs ends after `within_s`, and only one that fails sooner is tried again."""
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
        from obstore.store import S3Store  # noqa: PLC0415
    except ImportError as err:
        raise MissingExtraError(
            "wanted obstore for [evidence] s3, found it missing: pip install 'lepton-edge[s3]', or remove [evidence]"
        ) from err
    client: ClientConfig = {"connect_timeout": "5s", "timeout": f"{within_s}s", "allow_http": settings.is_plain}
    try:
        store: S3Store = S3Store.from_url(
            settings.s3,
            config=settings.config(),
            client_options=client,
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=min(10, within_s / 2))},
        )
        return store  # noqa: TRY300 - mypy knows from_url's type by the line before
    except (BaseError, ValueError) as err:
        raise BadInputError(f"wanted a bucket for evidence at {settings.s3}, found: {_first_line(err)}") from err


def _key(site: str, sha256: str) -> str:
    return f"{site}/{sha256[:2]}/{sha256}"


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or ["no reason"])[0][:200]
