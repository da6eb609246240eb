"""How other people's systems fare: failing, disabled and told of it, enabled again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.notices import DESK, Addressee, AddresseeKind, Notice, NoticeKind, NoticeUrgency
from shared.domain.words import Role
from shared.events.subscriptions import SUBSCRIPTION
from shared.tickets.ledger import Ledger

FAILING = text(
    "INSERT INTO endpoints AS p (bureau_id, subscriber, failing_since)"
    " VALUES (:bureau, :subscriber, :now) ON CONFLICT (bureau_id, subscriber)"
    " DO UPDATE SET failing_since = coalesce(p.failing_since, :now)"
    " RETURNING p.failing_since, p.disabled_at"
)
SOUND = text(
    "UPDATE endpoints SET failing_since = NULL WHERE bureau_id = :bureau"
    " AND subscriber = :subscriber AND failing_since IS NOT NULL"
)
DISABLE = text(
    "INSERT INTO endpoints AS p"
    " (bureau_id, subscriber, failing_since, disabled_at, disabled_because, disablings)"
    " VALUES (:bureau, :subscriber, :now, :now, :because, 1)"
    " ON CONFLICT (bureau_id, subscriber) DO UPDATE SET disabled_at = :now,"
    " disabled_because = :because, failing_since = coalesce(p.failing_since, :now),"
    " disablings = p.disablings + 1 WHERE p.disabled_at IS NULL RETURNING p.disablings"
)
ENABLE = text(
    "UPDATE endpoints SET failing_since = NULL, disabled_at = NULL, disabled_because = NULL"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND disabled_at IS NOT NULL"
)
# What waited, and what was given up meanwhile, goes on in order: the first of each ticket first.
GO_ON = text(
    "UPDATE deliveries SET attempts = 0, deferrals = 0, parked_at = NULL"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber"
)
WAIT_AGAIN = text(
    "UPDATE callback_log SET state = 'waiting'"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND state = 'parked'"
)
# For `minhu doctor` and /metrics: one row per receiver that is disabled.
LIST_DISABLED = text(
    "SELECT subscriber, disabled_at, disabled_because FROM endpoints"
    " WHERE bureau_id = :bureau AND disabled_at IS NOT NULL ORDER BY subscriber"
)


async def mark_sound(ledger: Ledger, subscriber: str) -> None:
    await ledger.tx.run(SOUND, bureau=ledger.tx.bureau, subscriber=subscriber)


async def mark_gone(ledger: Ledger, subscriber: str) -> None:
    """It said so itself (410)."""
    await _disable(ledger, subscriber, "gone")


async def mark_failing(ledger: Ledger, subscriber: str, *, patience: timedelta) -> None:
    """Disabled after so long without a single success."""
    now = ledger.now
    row = await ledger.tx.row(FAILING, bureau=ledger.tx.bureau, subscriber=subscriber, now=now)
    if row is not None and row.disabled_at is None and now - row.failing_since >= patience:
        await _disable(ledger, subscriber, "failing")


async def enable(tx: Tx, subscriber: str) -> None:
    """Of no effect where it is not disabled."""
    done = await tx.run(ENABLE, bureau=tx.bureau, subscriber=subscriber)
    if done.rowcount:
        await tx.run(GO_ON, bureau=tx.bureau, subscriber=subscriber)
        await tx.run(WAIT_AGAIN, bureau=tx.bureau, subscriber=subscriber)


async def list_disabled(tx: Tx) -> Sequence[Any]:
    return await tx.rows(LIST_DISABLED, bureau=tx.bureau)


async def _disable(ledger: Ledger, subscriber: str, because: str) -> None:
    row = await ledger.tx.row(
        DISABLE,
        bureau=ledger.tx.bureau,
        subscriber=subscriber,
        because=because,
        now=ledger.now,
    )
    if row is None:  # by another call, a moment ago
        return
    notices = [
        Notice(
            NoticeKind.RECEIVER_DISABLED,
            addressee,
            NoticeUrgency.NORMAL,
            ledger.rulebook.duty_at(ledger.now).next_opening(ledger.now),
            {"receiver": subscriber, "because": because},
        )
        for addressee in _owners(ledger, subscriber)
    ]
    ledger.tell(subscriber, row.disablings, notices, at=ledger.now)


def _owners(ledger: Ledger, subscriber: str) -> list[Addressee]:
    """The desk, and whose system it is."""
    units = [
        Addressee(AddresseeKind.UNIT, one.unit)
        for one in ledger.rulebook.subscriptions
        if SUBSCRIPTION + one.id == subscriber and one.unit is not None
    ]
    return [DESK, Addressee(AddresseeKind.ROLE, Role.ADMIN.value), *units]
