"""The moment at which a month freezes: recorded here, its copy is made by whoever keeps scores."""

from datetime import datetime

from sqlalchemy import text

from shared.db import Tx
from shared.domain.actor import SYSTEM, Actor
from shared.domain.freezing import due_freezes
from shared.events.subscriptions import FREEZING
from shared.tickets.ledger import Ledger

PERIOD_FROZEN = "period.frozen"

# The first ticket, without which no month is watched, and the months that are frozen already.
WATCHED = text(
    "SELECT t.received_at, e.recorded_at, ARRAY("
    " SELECT period FROM freezes WHERE bureau_id = :bureau AND revision = 1) AS frozen"
    " FROM ticket_events AS e JOIN tickets AS t USING (bureau_id, ticket_id)"
    " WHERE e.bureau_id = :bureau AND e.seq = 1 ORDER BY e.ticket_id LIMIT 1"
)
HOLD = text("SELECT pg_advisory_xact_lock(hashtext('minhu.freezes'), :bureau)")
INSERT_FREEZE = (
    "INSERT INTO freezes (bureau_id, period, revision, known_at, frozen_at,"
    " actor_role, actor_name, actor_key, reason)"
    " VALUES (:bureau, :period, :revision, :known_at, :frozen_at, :role, :name, :key, :reason)"
    " ON CONFLICT DO NOTHING"
)
RECORD = text(INSERT_FREEZE)
RECORD_AND_OWE = text(
    f"WITH made AS ({INSERT_FREEZE} RETURNING revision)"  # noqa: S608 - constants only
    " INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type)"
    " SELECT :bureau, :stream, made.revision, :subscriber, :type FROM made"
)


async def hold_freezes(tx: Tx) -> None:
    """Whoever freezes a month of this bureau waits for us."""
    await tx.run(HOLD, bureau=tx.bureau)


async def freeze_due_months(
    ledger: Ledger, until: datetime, *, since: datetime | None = None
) -> None:
    """Records what freezes by itself by `until`, each as of its own moment.

    `since` is where a jump of the sandbox's clock began: inside it the moment is the time of
    recording too. Otherwise that is now.
    """
    tx = ledger.tx
    watched = await tx.row(WATCHED, bureau=tx.bureau)
    if watched is None:
        return
    due = list(due_freezes(ledger.rulebook, until, **watched._mapping))
    if not due:
        return
    await hold_freezes(tx)
    for period, at in due:
        frozen_at = ledger.now if since is None else max(at, since)
        await tx.run(
            RECORD_AND_OWE,
            **_values(tx, period, 1, known_at=at, frozen_at=frozen_at, actor=SYSTEM, reason=None),
            stream=int(period.replace("-", "")),
            subscriber=FREEZING,
            type=PERIOD_FROZEN,
        )
    ledger.owes = True


async def record_freeze(
    tx: Tx, period: str, revision: int, *, known_at: datetime, actor: Actor, reason: str | None
) -> None:
    """By hand; the caller holds the freezes and makes the copy in the same transaction."""
    values = _values(
        tx, period, revision, known_at=known_at, frozen_at=tx.now, actor=actor, reason=reason
    )
    await tx.run(RECORD, **values)


def _values(
    tx: Tx,
    period: str,
    revision: int,
    *,
    known_at: datetime,
    frozen_at: datetime,
    actor: Actor,
    reason: str | None,
) -> dict[str, object]:
    return {
        "bureau": tx.bureau,
        "period": period,
        "revision": revision,
        "known_at": known_at,
        "frozen_at": frozen_at,
        "role": actor.role,
        "name": actor.name,
        "key": actor.key,
        "reason": reason,
    }
