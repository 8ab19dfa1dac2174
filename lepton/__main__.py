"""`python -m lepton` is `lepton`."""

from __future__ import annotations

from lepton.cli import main

main(prog_name="lepton")
