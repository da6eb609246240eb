"""What was sent to other people's systems: read by its owner, and sent again where asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.errors import Conflict, NotFound

FILTERS: Mapping[str, str] = {
    "state": " AND l.state = :state",
    "type": " AND l.event_type = :type",
    "no": " AND l.ticket_no = :no",
}
# What a unit may not see any more is not shown to its systems either (ruling 19).
SEEN = (
    " AND EXISTS (SELECT FROM tickets AS t WHERE t.bureau_id = l.bureau_id"
    " AND t.ticket_id = l.ticket_id AND t.object_unit IS DISTINCT FROM :unit)"
)
CALLS = (
    "SELECT l.number, l.webhook_id, l.event_type, l.ticket_id, l.ticket_no, l.state,"
    " l.created_at, l.settled_at, l.replay_of, l.tries::text AS tries, l.body, l.trace,"
    " l.stream_id, l.seq, d.next_try_at, d.attempts + d.deferrals AS tried"
    " FROM callback_log AS l LEFT JOIN deliveries AS d ON d.bureau_id = l.bureau_id"
    " AND d.subscriber = l.subscriber AND d.stream_id = l.stream_id AND d.seq = l.seq"
    " AND d.parked_at IS NULL"
    " WHERE l.bureau_id = :bureau AND l.subscriber = :subscriber"
)
LOCK = text(
    "SELECT number FROM callback_log WHERE bureau_id = :bureau AND subscriber = :subscriber"
    " AND number IN (:number, (SELECT replay_of FROM callback_log"
    " WHERE bureau_id = :bureau AND number = :number)) ORDER BY number FOR UPDATE"
)
TAKE_UP = text(
    "UPDATE deliveries SET attempts = 0, deferrals = 0, parked_at = NULL WHERE bureau_id = :bureau"
    " AND subscriber = :subscriber AND stream_id = :stream AND seq = :seq"
    " AND parked_at IS NOT NULL"
)
WAIT_AGAIN = text(
    "UPDATE callback_log SET state = 'waiting', settled_at = NULL"
    " WHERE bureau_id = :bureau AND number = :number"
)
# A replay is a stream of its own: it waits for nothing of its ticket and holds nothing back.
REPLAY = text(
    "INSERT INTO callback_log (bureau_id, subscriber, stream_id, seq, ticket_id, ticket_no,"
    " event_type, webhook_id, body, trace, state, replay_of, created_at)"
    " SELECT bureau_id, subscriber, -CAST(:root AS bigint), (SELECT 1 + coalesce(max(r.seq), 0)"
    "  FROM callback_log AS r WHERE r.bureau_id = :bureau AND r.subscriber = :subscriber"
    "  AND r.stream_id = -CAST(:root AS bigint)),"
    " ticket_id, ticket_no, event_type, webhook_id, body, trace, 'waiting',"
    " CAST(:root AS bigint), :now FROM callback_log WHERE bureau_id = :bureau AND number = :number"
    " RETURNING number, stream_id, seq, event_type"
)
OWE = text(
    "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type)"
    " VALUES (:bureau, :stream, :seq, :subscriber, :type)"
)


async def list_calls(
    tx: Tx,
    subscriber: str,
    filters: Mapping[str, str],
    *,
    unit: str | None,
    below: int | None,
    limit: int,
) -> Sequence[Any]:
    """The latest first; `unit`: only of tickets that it may see."""
    clauses = "".join(FILTERS[name] for name in filters)
    values: dict[str, Any] = {"bureau": tx.bureau, "subscriber": subscriber, **filters}
    if unit is not None:
        clauses, values = clauses + SEEN, values | {"unit": unit}
    if below is not None:
        clauses, values = clauses + " AND l.number < :below", values | {"below": below}
    order = " ORDER BY l.number DESC LIMIT :limit"
    return await tx.rows(text(CALLS + clauses + order), **values, limit=limit)


async def get_call(tx: Tx, subscriber: str, number: int, *, unit: str | None) -> Any:
    clauses = " AND l.number = :number" + (SEEN if unit is not None else "")
    values = {} if unit is None else {"unit": unit}
    row = await tx.row(
        text(CALLS + clauses), bureau=tx.bureau, subscriber=subscriber, number=number, **values
    )
    if row is None:
        raise NotFound
    return row


async def replay(tx: Tx, subscriber: str, number: int, *, unit: str | None) -> Any:
    """The call that will be made: a parked one goes on in its place, any other is sent anew."""
    await tx.run(LOCK, bureau=tx.bureau, subscriber=subscriber, number=number)
    row = await get_call(tx, subscriber, number, unit=unit)
    if row.state == "waiting":
        raise Conflict("这一次投递尚未了结，仍会自动重试")
    if row.state == "parked":
        taken = await tx.run(
            TAKE_UP,
            bureau=tx.bureau,
            subscriber=subscriber,
            stream=row.stream_id,
            seq=row.seq,
        )
        if taken.rowcount:
            await tx.run(WAIT_AGAIN, bureau=tx.bureau, number=number)
            return await get_call(tx, subscriber, number, unit=unit)
    made = (
        await tx.run(
            REPLAY,
            bureau=tx.bureau,
            subscriber=subscriber,
            number=number,
            root=row.replay_of or row.number,
            now=tx.now,
        )
    ).one()
    await tx.run(
        OWE,
        bureau=tx.bureau,
        subscriber=subscriber,
        stream=made.stream_id,
        seq=made.seq,
        type=made.event_type,
    )
    return await get_call(tx, subscriber, made.number, unit=unit)
