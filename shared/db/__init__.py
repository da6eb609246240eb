"""The way to Postgres: one engine a process, and transactions that name their bureau first."""

from shared.db.database import Database, Tx, is_transient

__all__ = ["Database", "Tx", "is_transient"]
