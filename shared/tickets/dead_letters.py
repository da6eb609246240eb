"""Deliveries that were given up (搁置): shown with their errors, and driven again by a person.

Never what a message says: only whose it is, how often it was tried and what kind of error it met.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.actor import Actor
from shared.errors import Invalid, NotFound
from shared.labels import PARKED

MOST = 1000  # driven again in one go
LOST = "WorkerLost"  # the error of what was in hand when a worker was ended

LIST = text(
    "SELECT d.subscriber, d.stream_id, d.seq, d.event_type, d.attempts, d.created_at, d.parked_at,"
    " d.first_error, d.first_failed_at, d.last_error, d.last_failed_at, t.no,"
    " CASE WHEN d.stream_id < 0 THEN d.payload->>'message_id' END AS receipt,"
    " r.times, r.redriven_at, r.actor_name FROM deliveries AS d"
    " LEFT JOIN raw_messages AS m ON d.stream_id < 0 AND m.bureau_id = d.bureau_id"
    "  AND m.message_id = CAST(d.payload->>'message_id' AS uuid)"
    " LEFT JOIN tickets AS t ON t.bureau_id = d.bureau_id"
    "  AND t.ticket_id = CASE WHEN d.stream_id < 0 THEN m.ticket_id"
    "  WHEN d.subscriber <> 'freezing' THEN d.stream_id END"
    " LEFT JOIN LATERAL (SELECT count(*) OVER () AS times, redriven_at, actor_name"
    "  FROM redrives AS r WHERE r.bureau_id = d.bureau_id AND r.stream_id = d.stream_id"
    "  AND r.seq = d.seq AND r.subscriber = d.subscriber ORDER BY redrive_id DESC LIMIT 1)"
    "  AS r ON true"
    " WHERE d.bureau_id = :bureau AND d.parked_at IS NOT NULL"
    " AND (CAST(:subscriber AS text) IS NULL OR d.subscriber = :subscriber)"
    " AND (d.parked_at, d.subscriber, d.stream_id, d.seq)"
    "  > (CAST(CAST(:parked_at AS text) AS timestamptz), :after, CAST(:stream AS bigint),"
    "  CAST(:seq AS bigint))"
    " ORDER BY d.parked_at, d.subscriber, d.stream_id, d.seq LIMIT :limit"
)
# What is driven again begins anew, apart from the others, and no later one of its stream before
# an earlier: each takes with it those that were parked before it.
REDRIVE = text(
    "WITH taken AS (SELECT subscriber, stream_id, seq, attempts, last_error, parked_at"
    "  FROM deliveries WHERE bureau_id = :bureau AND subscriber = :subscriber"
    "  AND parked_at IS NOT NULL AND (CAST(:stream AS bigint) IS NULL"
    "  OR (stream_id = :stream AND seq <= :seq))"
    "  ORDER BY stream_id, seq LIMIT :most FOR UPDATE),"
    " kept AS (INSERT INTO redrives (bureau_id, subscriber, stream_id, seq, attempts, last_error,"
    "  parked_at, redriven_at, actor_role, actor_name, actor_key)"
    "  SELECT :bureau, subscriber, stream_id, seq, attempts, last_error, parked_at,"
    "  statement_timestamp(), :role, :name, :key FROM taken),"
    " told AS (UPDATE callback_log AS l SET state = 'waiting' FROM taken"
    "  WHERE l.bureau_id = :bureau AND l.subscriber = taken.subscriber"
    "  AND l.stream_id = taken.stream_id AND l.seq = taken.seq AND l.state = 'parked')"
    " UPDATE deliveries AS d SET attempts = 0, deferrals = 0, apart = true, parked_at = NULL,"
    " lease = NULL, leased_until = NULL,"
    " next_try_at = statement_timestamp(), first_error = NULL, last_error = NULL,"
    " first_failed_at = NULL, last_failed_at = NULL FROM taken WHERE d.bureau_id = :bureau"
    " AND d.subscriber = taken.subscriber AND d.stream_id = taken.stream_id"
    " AND d.seq = taken.seq RETURNING d.subscriber, d.stream_id, d.seq"
)
KNOWN = text(
    "SELECT EXISTS (SELECT FROM deliveries WHERE bureau_id = :bureau"
    " AND subscriber = :subscriber AND stream_id = :stream AND seq = :seq) OR EXISTS ("
    " SELECT FROM redrives WHERE bureau_id = :bureau AND subscriber = :subscriber"
    " AND stream_id = :stream AND seq = :seq) AS is_known"
)
LEFT = text(
    "SELECT count(*) AS parked FROM deliveries"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND parked_at IS NOT NULL"
)
BEGINNING = ("-infinity", "", 0, 0)


@dataclass(frozen=True, slots=True)
class LetterId:
    """Written `subscriber.stream.seq`; the subscriber's name may hold dots itself."""

    subscriber: str
    stream_id: int
    seq: int

    @classmethod
    def parse(cls, written: str) -> "LetterId":
        subscriber, *numbers = written.rsplit(".", 2)
        try:
            stream_id, seq = (int(one) for one in numbers)
        except ValueError:
            raise NotFound from None
        found = cls(subscriber, stream_id, seq)
        if str(found) != written or "\0" in written or max(abs(stream_id), abs(seq)) >= 2**63:
            raise NotFound
        return found

    def __str__(self) -> str:
        return f"{self.subscriber}.{self.stream_id}.{self.seq}"


async def list_dead_letters(
    tx: Tx, *, subscriber: str | None, after: Sequence[Any], limit: int
) -> Sequence[Any]:
    """The longest parked first. `after` is `place_of` the last row known."""
    parked_at, name, stream, seq = after
    return await tx.rows(
        LIST,
        bureau=tx.bureau,
        subscriber=subscriber,
        parked_at=parked_at,
        after=name,
        stream=stream,
        seq=seq,
        limit=limit,
    )


def reason_of(subscriber: str, error: str | None) -> str:
    """Why it was given up, for a person."""
    kind = subscriber.partition(":")[0]
    return PARKED.get(kind) or PARKED["lost" if error == LOST else "own"]


def id_of(row: Any) -> str:
    return str(LetterId(row.subscriber, row.stream_id, row.seq))


async def redrive_letter(tx: Tx, letter: LetterId, *, actor: Actor) -> list[str]:
    """The ids driven again: none where it is under way already, or done since."""
    driven = await _redrive(tx, letter.subscriber, actor, stream=letter.stream_id, seq=letter.seq)
    if not driven and not await _is_known(tx, letter):
        raise NotFound("没有这件搁置的投递")
    return driven


async def redrive_all(tx: Tx, subscriber: str, *, actor: Actor) -> tuple[list[str], int]:
    """The ids driven again, whole streams in order, and how many are left for another go."""
    if "\0" in subscriber:
        raise Invalid.field("/subscriber", "文本中不能有空字符（U+0000）")
    driven = await _redrive(tx, subscriber, actor, stream=None, seq=None)
    row = await tx.row(LEFT, bureau=tx.bureau, subscriber=subscriber)
    return driven, int(row.parked) if row is not None else 0


async def _redrive(
    tx: Tx, subscriber: str, actor: Actor, *, stream: int | None, seq: int | None
) -> list[str]:
    rows = await tx.rows(
        REDRIVE,
        bureau=tx.bureau,
        subscriber=subscriber,
        stream=stream,
        seq=seq,
        most=MOST,
        role=actor.role,
        name=actor.name,
        key=actor.key,
    )
    return [id_of(row) for row in sorted(rows, key=lambda row: (row.stream_id, row.seq))]


async def _is_known(tx: Tx, letter: LetterId) -> bool:
    row = await tx.row(
        KNOWN,
        bureau=tx.bureau,
        subscriber=letter.subscriber,
        stream=letter.stream_id,
        seq=letter.seq,
    )
    return row is not None and bool(row.is_known)
