"""The file of a site, to frozen values, all errors at once: what is more than an option can say."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.station.settings import Settings
from fleet_manager.adapters.settings import AdapterSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class SiteFile(Settings):
    """`site.toml`; `adapters` are the other faces of the site."""

    adapters: AdapterSettings = AdapterSettings()


def read_site(text: str, name: str) -> SiteFile:
    """The settings in a TOML text.

    Args:
        text: the content.
        name: of the file, for the errors.

    Raises:
        BadInputError: lists what was wanted and found for each error.
    """
    try:
        return SiteFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        raise BadInputError(f"wanted TOML in {name}, found a mistake: {err}; mend it and try again") from err
    except ValidationError as err:
        problems = "\n".join(f"  {one}" for one in explain(err, SiteFile))
        raise BadInputError(f"wanted the settings of a site in {name}, found:\n{problems}") from err
