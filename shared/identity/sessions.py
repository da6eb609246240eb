"""A person's sessions: bearer tokens of the same form as keys, which end unused, and anyway."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.identity.keys import NewKey

INSERT = text(
    "INSERT INTO sessions (bureau_id, session_id, secret_hash, account, role, unit_id, actor,"
    " origin, login_hash, expires_at, idle_seconds) SELECT bureau_id, :id, :secret_hash, account,"
    " role, unit_id, actor, :origin, :login_hash, clock_timestamp() + CAST(:life AS interval),"
    " :idle FROM accounts WHERE bureau_id = :bureau AND account = :account"
    " ON CONFLICT (bureau_id, login_hash) DO NOTHING RETURNING created_at, expires_at"
)
NOTE = text(
    "UPDATE accounts SET signed_in_at = clock_timestamp()"
    " WHERE bureau_id = :bureau AND account = :account"
)
FIND = text(
    "SELECT account, actor, role, unit_id, origin, created_at, expires_at, idle_seconds"
    " FROM sessions WHERE bureau_id = :bureau AND session_id = :id"
)
END = text(
    "UPDATE sessions SET ended_at = clock_timestamp()"
    " WHERE bureau_id = :bureau AND session_id = :id AND ended_at IS NULL"
)
END_ALL = text(
    "UPDATE sessions SET ended_at = clock_timestamp() WHERE bureau_id = :bureau"
    " AND account = :account AND ended_at IS NULL AND expires_at > clock_timestamp()"
)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """`idle` since its last use, `life` since it began."""

    idle: timedelta
    life: timedelta


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A session just begun. Its token is shown once and never stored."""

    token: str
    created_at: datetime
    expires_at: datetime
    idle_seconds: int


async def open_session(
    tx: Tx,
    account: str,
    *,
    lifetime: Lifetime,
    origin: str,
    login_hash: bytes | None = None,
) -> Opened | None:
    """None where this login at the provider has led to a session before."""
    made = NewKey.make()
    idle = int(lifetime.idle.total_seconds())
    row = await tx.row(
        INSERT,
        bureau=tx.bureau,
        id=made.key_id,
        secret_hash=made.hash,
        account=account,
        origin=origin,
        login_hash=login_hash,
        life=lifetime.life,
        idle=idle,
    )
    if row is None:
        return None
    await tx.run(NOTE, bureau=tx.bureau, account=account)
    return Opened(made.plain, row.created_at, row.expires_at, idle)


async def find_session(tx: Tx, session_id: str) -> Any | None:
    return await tx.row(FIND, bureau=tx.bureau, id=session_id)


async def end_session(tx: Tx, session_id: str) -> None:
    await tx.run(END, bureau=tx.bureau, id=session_id)


async def end_sessions(tx: Tx, account: str) -> int:
    """All of a person's; how many lived."""
    return (await tx.run(END_ALL, bureau=tx.bureau, account=account)).rowcount
