"""The way to Postgres: one engine a process, and transactions that name first whose they are."""

from shared.db.database import Database, Tx, is_transient
from shared.db.scope import Scope, Wider

__all__ = ["Database", "Scope", "Tx", "Wider", "is_transient"]
