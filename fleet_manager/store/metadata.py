"""The one collection of tables that the manager has; each folder adds its own to it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints have names, so that a later migration can change them on every database."""

metadata: Final = MetaData(naming_convention=NAMES)

Key: Final = BigInteger().with_variant(Integer, "sqlite")
"""A row's own number: 64 bits everywhere; SQLite counts up only what is called INTEGER."""
