"""station.toml to frozen values, all errors at once; its model is `edge_contracts.station`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.station import (
    FolderSource,
    SoundFilesSource,
    StationConfig,
    VideoSource,
)
from edge_contracts.station.timing import timing_problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_contracts.station import Point

_BYTES_MAX = 1 << 20
_PATH_KEYS = frozenset(
    {"path", "bundle", "state_folder", "password_file", "token_file", "ca", "certificate", "key", "moved_reference"}
)


class ConfigRejected(BadInputError):
    """The station's configuration cannot be used as it is; the message lists every error.

    Attributes:
        problems: the errors, one sentence each; empty where the file itself cannot be read.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def load_station(path: Path, *, with_bundles: bool = True) -> StationConfig:
    """Read and check a configuration; every path in the result is absolute.

    Args:
        path: the file.
        with_bundles: its bundles must be there; not while pictures are taken to train them from.

    Raises:
        ConfigRejected: lists what was wanted and found for each error, and what to do next.
    """
    return check_station(parse_station(path), path.resolve().parent, str(path), with_bundles=with_bundles)


def check_station(document: dict[str, Any], folder: Path, name: str, *, with_bundles: bool = True) -> StationConfig:
    """Check what was read from a configuration; every path in the result is absolute.

    Args:
        document: the tables.
        folder: where relative paths start.
        name: of the configuration, for the errors.
        with_bundles: as for `load_station`.

    Raises:
        ConfigRejected: as from `load_station`.
    """
    try:
        config = StationConfig.model_validate(with_absolute_paths(document, folder))
    except ValidationError as error:
        raise _rejected(name, explain(error, StationConfig, document)) from error
    config = _with_absolute_state(config, folder)
    if problems := [*timing_problems(config), *_missing_files(config, with_bundles=with_bundles)]:
        raise _rejected(name, problems)
    return config


def parse_station(path: Path) -> dict[str, Any]:
    """The tables of a file, whatever is in them.

    Raises:
        ConfigRejected: it is not there, too large, or no TOML.
    """
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise ConfigRejected(
                f"wanted a configuration of at most {_BYTES_MAX} bytes, found more in {path}; give a station.toml"
            )
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigRejected(
            f"wanted a station configuration at {path}, found none ({error.strerror}); "
            "docs/how-to/run-on-a-board.md shows a complete one"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigRejected(
            f"wanted UTF-8 text in {path}, found other bytes ({error.reason}); save the file as UTF-8"
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigRejected(f"wanted TOML in {path}, found a mistake: {error}; mend it and try again") from error
    return document


def with_absolute_paths(value: Any, folder: Path, key: str = "") -> Any:
    """The document with every path made absolute, so that the daemon's working folder does not matter."""
    if isinstance(value, dict):
        return {name: with_absolute_paths(inner, folder, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_absolute_paths(inner, folder, key) for inner in value]
    if isinstance(value, str) and value and key in _PATH_KEYS:
        return str(folder / _at_home(Path(value)))
    return value


def _at_home(path: Path) -> Path:
    """With `~` for a home; of somebody who is not known here it stays a name, which is then told to be missing."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _with_absolute_state(config: StationConfig, folder: Path) -> StationConfig:
    """The same for the one path that has a default."""
    state_folder = str(folder / config.station.state_folder)
    return config.model_copy(update={"station": config.station.model_copy(update={"state_folder": state_folder})})


def _missing_files(config: StationConfig, *, with_bundles: bool) -> Iterator[str]:
    for index, point in enumerate(config.points):
        where = f"points.{index}"
        for place, view in zip(_places(where, point), point.views, strict=True):
            yield from _missing_model(place, view, with_bundle=with_bundles)
            if view.source is not point.source:
                yield from _missing_source(place, view)
        yield from _missing_source(where, point)
    web = config.web
    if web is not None and web.token_file is not None and not _is(Path.is_file, web.token_file):
        yield f"web.token_file: wanted a file, found none at {web.token_file}; make one with 'openssl rand -hex 24'"
    for key, file in _named_files(config):
        if file is not None and not _is(Path.is_file, file):
            yield f"{key}: wanted a file, found none at {file}; check the path"


def _named_files(config: StationConfig) -> Iterator[tuple[str, str | None]]:
    """Secrets and certificates, by their keys."""
    if config.uplink is not None:
        yield "uplink.password_file", config.uplink.password_file
    if config.upload is not None:
        yield "upload.token_file", config.upload.token_file
    for table, settings in (("uplink", config.uplink), ("upload", config.upload)):
        if settings is not None and (tls := settings.tls) is not None:
            yield f"{table}.tls.ca", tls.ca
            yield f"{table}.tls.certificate", tls.certificate
            yield f"{table}.tls.key", tls.key


def _places(where: str, point: Point) -> list[str]:
    """Where each view's keys stand in the file."""
    return [f"{where}.models.{number}" for number in range(len(point.models))] or [where]


def _missing_model(where: str, view: Point, *, with_bundle: bool) -> Iterator[str]:
    if with_bundle and not _is(Path.exists, view.bundle):
        yield f"{where}.bundle: wanted a bundle, found nothing at {view.bundle}; make one with 'lepton convert'"
    if view.mask is not None and view.mask.path is not None and not _is(Path.is_file, view.mask.path):
        yield f"{where}.mask.path: wanted a PNG, found none at {view.mask.path}; white is what is judged"


def _missing_source(where: str, point: Point) -> Iterator[str]:
    source = point.source
    if isinstance(source, FolderSource) and not _is(Path.is_dir, source.path):
        found = f"none at {source.path}; check the path"
        if _is(Path.is_file, source.path):
            found = f"the file {source.path}; name the folder that it lies in, or kind = 'video' for a film"
        yield f"{where}.source.path: wanted a folder of pictures, found {found}"
    if isinstance(source, SoundFilesSource) and not _is(Path.exists, source.path):
        yield f"{where}.source.path: wanted .wav files, found nothing at {source.path}; check the path"
    if isinstance(source, VideoSource) and not _is(Path.is_file, source.path):
        found = f"none at {source.path}; check the path"
        if _is(Path.is_dir, source.path):
            found = f"the folder {source.path}; name a file in it, or kind = 'folder' for pictures"
        yield f"{where}.source.path: wanted a video file, found {found}"


def _is(there: Callable[[Path], bool], path: str) -> bool:
    """Whether something is there; what the system cannot even look up is not."""
    try:
        return there(Path(path))
    except OSError:
        return False


def _rejected(name: str, problems: list[str]) -> ConfigRejected:
    count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    listed = "\n  ".join(problems)
    return ConfigRejected(
        f"wanted a usable station configuration in {name}, found {count}; docs/reference/station.md tells every key:"
        f"\n  {listed}",
        problems,
    )
