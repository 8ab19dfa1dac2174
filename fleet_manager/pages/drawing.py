"""Drawing pages: the templates of this folder, with every text escaped and every missing name an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from edge_contracts.errors import MissingExtraError
from fleet_manager.people.links import LINK_PATH

if TYPE_CHECKING:
    from jinja2 import Environment

    from fleet_manager.pages.static_files import StaticFiles
    from fleet_manager.pages.viewer import Viewer


class Drawing:
    """The templates.

    Args:
        files: where stylesheet and scripts are served from.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """

    def __init__(self, files: StaticFiles) -> None:
        self._templates = _environment()
        self._templates.globals["static"] = files.href
        self._templates.globals["link_path"] = LINK_PATH

    def page(self, template: str, viewer: Viewer | None, /, **values: Any) -> str:
        """One page for somebody; `template` is its name without the ending."""
        values = {"viewer": viewer, "here": "", "notice": None, **values}
        field = Markup('<input type="hidden" name="csrf" value="{}">').format(viewer.csrf if viewer else "")
        return self._templates.get_template(f"{template}.html").render(values, csrf=lambda: field)

    def piece(self, template: str, macro: str, *values: Any) -> str:
        """One macro of a template, for what comes by itself."""
        return str(escape(getattr(self._templates.get_template(f"{template}.html").module, macro)(*values)))


def _environment() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - the command line would wait
    except ImportError as err:
        raise MissingExtraError(
            "wanted Jinja2 for the pages, found it missing: pip install 'lepton-edge[fleet]'"
        ) from err
    return Environment(
        loader=PackageLoader("fleet_manager.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
