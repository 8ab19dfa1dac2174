"""`lepton profile`: which boards are known, and what to install on one."""

from __future__ import annotations

import click

from device_profiles.description import board_table, describe
from device_profiles.profile import load_profile, profile_names
from edge_contracts.document_text import document_text


@click.group()
def profile() -> None:
    """Look up the boards that bundles are made for."""


@profile.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print names and titles as JSON.")
def list_profiles(*, as_json: bool) -> None:
    """List the boards, one per line."""
    profiles = [load_profile(name) for name in profile_names()]
    if as_json:
        click.echo(document_text([{"name": each.name, "title": each.title} for each in profiles]))
    else:
        click.echo(board_table(profiles))


@profile.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the whole profile as JSON.")
def show_profile(name: str, *, as_json: bool) -> None:
    """Show the board NAME (or the .toml file NAME): what to install, what it is, where each figure comes from."""
    board = load_profile(name)
    click.echo(board.model_dump_json(indent=2, exclude_none=True) if as_json else describe(board))
