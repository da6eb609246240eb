"""Failed sign-ins, counted in Postgres by account and by address: a restart forgets none.

While either is locked nothing is tried, and nothing more is counted: whoever knocks on does not
lengthen the lock. Every lock is longer than the one before, up to a bound.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from shared.db import Tx


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` failures lock for `first`, each further one for twice as long, up to `longest`.

    After `memory` without a failure all is forgotten.
    """

    free: int
    first: timedelta
    longest: timedelta
    memory: timedelta


OF_ACCOUNT = Patience(5, timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=24))
# Behind one address there may be a whole office.
OF_ADDRESS = Patience(30, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=6))
POLICIES = {"account": OF_ACCOUNT, "address": OF_ADDRESS}

KNOW = text(
    "INSERT INTO sign_in_failures (bureau_id, kind, subject, failures, failed_at)"
    " VALUES (:bureau, :kind, :subject, 0, clock_timestamp()) ON CONFLICT DO NOTHING"
)
TAKE = text(
    "SELECT coalesce(locked_until > clock_timestamp(), false) AS is_locked FROM sign_in_failures"
    " WHERE bureau_id = :bureau AND kind = :kind AND subject = :subject FOR UPDATE"
)
# Also for one that is locked, which then changes nothing: so that both take the same time.
FAIL = text(
    "UPDATE sign_in_failures AS f SET failures = n.failures, failed_at = n.at, locked_until ="
    " CASE WHEN n.failures >= :free THEN n.at + least(CAST(:longest AS interval),"
    " CAST(:first AS interval) * power(2, least(n.failures - :free, 20))) END"
    " FROM (SELECT clock_timestamp() AS at, CASE WHEN failed_at < clock_timestamp()"
    " - CAST(:memory AS interval) THEN 1 ELSE failures + 1 END AS failures"
    " FROM sign_in_failures"
    " WHERE bureau_id = :bureau AND kind = :kind AND subject = :subject) AS n"
    " WHERE f.bureau_id = :bureau AND f.kind = :kind AND f.subject = :subject AND NOT :is_locked"
)
FORGET = text(
    "DELETE FROM sign_in_failures WHERE bureau_id = :bureau AND kind = :kind AND subject = :subject"
)


@dataclass(frozen=True, slots=True)
class Locks:
    """Both counts of one attempt, held until the transaction ends: guesses come one by one."""

    account: str
    address: str
    is_locked: bool

    @property
    def subjects(self) -> tuple[tuple[str, str], ...]:
        return ("account", told_of(self.account)), ("address", self.address)


def told_of(account: str) -> str:
    """Accounts are counted by a digest: into that field people type numbers, and passwords."""
    return hashlib.sha256(account.encode()).hexdigest()


async def take_locks(tx: Tx, *, account: str, address: str) -> Locks:
    is_locked = False
    for kind, subject in Locks(account, address, is_locked=False).subjects:
        values = {"bureau": tx.bureau, "kind": kind, "subject": subject}
        await tx.run(KNOW, **values)
        row = await tx.row(TAKE, **values)
        is_locked |= row is not None and row.is_locked
    return Locks(account, address, is_locked)


async def count_failure(tx: Tx, locks: Locks) -> None:
    for kind, subject in locks.subjects:
        policy = POLICIES[kind]
        await tx.run(
            FAIL,
            bureau=tx.bureau,
            kind=kind,
            subject=subject,
            is_locked=locks.is_locked,
            free=policy.free,
            first=policy.first,
            longest=policy.longest,
            memory=policy.memory,
        )


async def forget_failures(tx: Tx, subject: str, *, kind: str = "account") -> bool:
    """Of the account alone: who gets in himself does not clear his address of guesses at others."""
    named = told_of(subject) if kind == "account" else subject
    found = await tx.run(FORGET, bureau=tx.bureau, kind=kind, subject=named)
    return found.rowcount > 0
