"""The file of a site, to frozen values, all errors at once: what is more than an option can say."""

from __future__ import annotations

import sys
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.station.settings import Settings
from fleet_manager.adapters.settings import AdapterSettings
from fleet_manager.desk.mail_settings import MailSettings
from fleet_manager.desk.webhook_settings import WebhookSettings
from fleet_manager.evidence.bucket_settings import BucketSettings
from fleet_manager.network import Network
from fleet_manager.people.oidc_settings import OidcSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SiteAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+$", max_length=255)]
"""Where people reach the pages, without a path: `https://fleet.plant.example`."""


class SiteFile(Settings):
    """`site.toml`.

    address: where people reach the pages; links in letters begin with it.
    proxies: whose word counts on where a browser is, and whether it speaks TLS; addresses or networks.
    evidence_gib: pictures on the manager's own disk, all sites together; those on their way to a bucket, too.
    mail: the server that takes calls by e-mail. webhooks: where calls by HTTP may go besides.
    oidc: the identity provider that people may come in by.
    evidence: a bucket for pictures; None for the manager's own disk. adapters: the other faces of the site.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: SiteAddress | None = None
    proxies: Annotated[tuple[Network, ...], Field(max_length=100)] = ("127.0.0.1", "::1")
    evidence_gib: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    mail: MailSettings | None = None
    webhooks: WebhookSettings | None = None
    oidc: OidcSettings | None = None
    evidence: BucketSettings | None = None
    adapters: AdapterSettings | None = None

    @model_validator(mode="after")
    def _provider_finds_back(self) -> SiteFile:
        if self.oidc is not None and self.address is None:
            raise ValueError(
                "wanted address beside [oidc], found none: the provider must know where to send people back"
            )
        return self


def read_site(text: str, name: str) -> SiteFile:
    """The settings in a TOML text; the files of secrets that it names are read, too.

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
