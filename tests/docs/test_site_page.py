"""docs/reference/site.md cannot drift from the settings: every table, key and default, and every example."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from fleet_manager.desk.mail_settings import MailSettings
from fleet_manager.desk.webhook_settings import WebhookSettings
from fleet_manager.evidence.bucket_settings import BucketSettings
from fleet_manager.people.oidc_settings import OidcRole, OidcSettings
from fleet_manager.site_file import SiteFile, read_site

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
PAGE: Final = (DOCS / "reference" / "site.md").read_text("utf-8")
TABLES: Final[dict[str, type[BaseModel]]] = {
    "[evidence]": BucketSettings,
    "[mail]": MailSettings,
    "[oidc]": OidcSettings,
    "[webhooks]": WebhookSettings,
    "[[oidc.roles]]": OidcRole,
}
IN_WORDS: Final = {("[mail]", "port")}
"""Defaults that follow from something else."""
PAGES: Final = [
    "reference/site.md",
    "how-to/work-with-alerts.md",
    "how-to/people.md",
    "how-to/run-the-manager.md",
    "how-to/manager-pages.md",
]


def rows(heading: str) -> dict[str, str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.*?) \|", section, re.MULTILINE))


def test_every_table_of_the_file_has_a_section() -> None:
    headings = set(re.findall(r"^## \[(\w+)\]", PAGE, re.MULTILINE))
    assert headings | set(rows("At the top")) == set(SiteFile.model_fields)


def shown(field: FieldInfo) -> str:
    """A default as the page writes it."""
    if field.is_required():
        return "required"
    default = field.default
    if default is None:
        return "none"
    return f"`{json.dumps(default if isinstance(default, str) else list(default))}`"


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_and_default_is_told(heading: str) -> None:
    told, fields = rows(heading), TABLES[heading].model_fields
    assert set(told) == {field.alias or name for name, field in fields.items()}
    for name, field in fields.items():
        key = field.alias or name
        if (heading, key) in IN_WORDS:
            continue
        assert told[key] == shown(field), key


@pytest.mark.parametrize("page", PAGES)
def test_each_example_is_a_file_that_the_manager_takes(page: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden\n", "utf-8")
    found = re.findall(r"^```toml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    found = [text for text in found if "[uplink]" not in text]  # that is a station's
    assert found
    for text in found:
        read_site(re.sub(r'_file = "[^"]*"', f'_file = "{secret}"', text), page)
