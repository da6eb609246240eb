"""One metadata for the one schema; every constraint has a name, every column a Chinese comment."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def bureau() -> Column[int]:
    """The first part of every key: row-level security and partitions stand on it."""
    return Column("bureau_id", Integer, primary_key=True, autoincrement=False, comment="局编号")


def moment(name: str, comment: str, *, nullable: bool = True, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, comment=comment, **options)


def text(name: str, comment: str, *, nullable: bool = False, **options: Any) -> Column[Any]:
    return Column(name, Text, nullable=nullable, comment=comment, **options)


def one_of(column: str, words: type[StrEnum] | Iterable[str]) -> CheckConstraint:
    """An enum as text: the database knows the words too."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
