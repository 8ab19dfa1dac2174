"""How every page of the workbench is drawn: escaped, nothing left undefined, in the style of the converter's report."""

from __future__ import annotations

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template


@cache
def page_template(package: str, name: str) -> Template:
    """A page's template.

    Args:
        package: where its folder `templates` lies; what is not there is taken from the converter's report.
        name: the template's file.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("converters.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
