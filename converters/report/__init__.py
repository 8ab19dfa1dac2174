"""The report page of a bundle: one self-contained HTML file that a person reads before trusting the artefact.

Everything on it is in the bundle's manifest and card, or was found by the gate; the page adds pictures and words.
"""

from __future__ import annotations

from converters.report.page import Page, render

__all__ = ["Page", "render"]
