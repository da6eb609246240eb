"""Every statement scoring sends to Postgres."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from services.scoring.rules.fact import Fact
from services.scoring.rules.periods import Period
from shared.db import Tx
from shared.models import facts
from shared.tickets.statements import replacing, write_rows

COLUMNS = tuple(field.name for field in fields(Fact))
FACT = ", ".join(f"f.{name}" for name in COLUMNS)
# A ticket may be recorded this long before the time it says it was received at; more than enough.
EARLY_SECONDS = 3600

DATES = ("opened_at", "completed_at", "complete_due", "contact_due", "reply_due")
IN_PERIOD = " OR ".join(f"(f.{name} >= :start AND f.{name} < :finish)" for name in DATES)
# An older fold never overwrites a newer one, in whatever order two workers come.
WRITE_FACTS = text(
    write_rows(facts, "facts", COLUMNS, conflict=replacing(facts, ("ticket_id", "round")))
    + " WHERE facts.seq < EXCLUDED.seq"
)
# One snapshot for the horizon and the facts it speaks for.
LIST_NOW = text(
    f"SELECT last.recorded_at AS horizon, {FACT}"  # noqa: S608 - constants only
    " FROM (SELECT max(recorded_at) AS recorded_at FROM facts WHERE bureau_id = :bureau) AS last"
    f" LEFT JOIN facts AS f ON f.bureau_id = :bureau AND f.removed IS NULL AND ({IN_PERIOD})"
)
# A ticket whose facts were folded from exactly what was recorded by then may be taken as it is;
# any other comes with its facts empty and is folded from its log.
LIST_THEN = text(
    f"SELECT t.ticket_id AS known_id, {FACT} FROM tickets AS t"  # noqa: S608 - constants only
    " LEFT JOIN facts AS f ON f.bureau_id = t.bureau_id AND f.ticket_id = t.ticket_id"
    " AND f.seq = t.seq AND f.recorded_at <= :known_at"
    " WHERE t.bureau_id = :bureau"
    " AND t.received_at <= :known_at + make_interval(secs => :early)"
    f" AND (f.ticket_id IS NULL OR (f.removed IS NULL AND ({IN_PERIOD})))"
)
FACTS_OF = text(
    f"SELECT {FACT} FROM facts AS f"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY ticket_id, round"
)
NEXT_IDS = text(
    "SELECT ticket_id FROM ticket_events"
    " WHERE bureau_id = :bureau AND seq = 1 AND ticket_id > :after"
    " UNION SELECT ticket_id FROM facts WHERE bureau_id = :bureau AND ticket_id > :after"
    " ORDER BY ticket_id LIMIT :batch"
)
OWN_TRANSACTION = text("SELECT pg_current_xact_id()::text AS xid")
IS_OVER = text(
    "SELECT pg_snapshot_xmin(pg_current_snapshot()) > CAST(CAST(:xid AS text) AS xid8) AS over"
)
LIST_CITY_RANKS = text(
    'SELECT scope, period, rank, "of", score, source, published_at FROM city_ranks'
    " WHERE bureau_id = :bureau AND period <= :until ORDER BY period, scope"
)


@dataclass(frozen=True, slots=True)
class CityRank:
    """One published place in the city's league table. `score` is decimal text."""

    scope: str
    period: str
    rank: int
    of: int
    score: str | None
    source: str
    published_at: datetime


async def write_facts(tx: Tx, folded: Iterable[Fact]) -> None:
    rows = orjson.dumps(list(folded)).decode()
    await tx.run(WRITE_FACTS, bureau=tx.bureau, facts=rows)


async def list_facts_now(tx: Tx, period: Period) -> tuple[list[Fact], datetime | None]:
    """The facts that may matter to the period, and the latest recorded time taken in."""
    rows: Sequence[Any] = await tx.rows(
        LIST_NOW, bureau=tx.bureau, start=period.start, finish=period.end
    )
    return _facts_after_first(rows), rows[0][0]


async def list_facts_then(
    tx: Tx, period: Period, known_at: datetime
) -> tuple[list[Fact], list[int]]:
    """The facts that stand as of `known_at`, and the tickets whose logs must be asked."""
    rows: Sequence[Any] = await tx.rows(
        LIST_THEN,
        bureau=tx.bureau,
        start=period.start,
        finish=period.end,
        known_at=known_at,
        early=EARLY_SECONDS,
    )
    return _facts_after_first(rows), [row[0] for row in rows if row[1] is None]


async def list_facts_of(tx: Tx, ids: Collection[int]) -> list[Fact]:
    rows: Sequence[Any] = await tx.rows(FACTS_OF, bureau=tx.bureau, ids=list(ids))
    return [Fact(*row) for row in rows]


def _facts_after_first(rows: Iterable[Any]) -> list[Fact]:
    """Each row's facts, if it holds any, stand after its first column: by place, which is fast."""
    return [Fact(*row[1:]) for row in rows if row[1] is not None]


async def list_ids_after(tx: Tx, after: int, *, batch: int) -> Sequence[int]:
    """The next tickets that have a log or facts, in order."""
    rows = await tx.rows(NEXT_IDS, bureau=tx.bureau, after=after, batch=batch)
    return [row.ticket_id for row in rows]


async def get_transaction(tx: Tx) -> str:
    """This writing transaction's id: all that had begun to write before it have smaller ones.

    The upper bound of a snapshot will not do: it stops short of ids given to who is still open.
    """
    row = await tx.row(OWN_TRANSACTION)
    assert row is not None
    return str(row.xid)


async def are_over(tx: Tx, xid: str) -> bool:
    """True once no transaction up to that id is still open."""
    row = await tx.row(IS_OVER, xid=xid)
    return row is not None and bool(row.over)


async def list_city_ranks(tx: Tx, until: str) -> list[CityRank]:
    rows = await tx.rows(LIST_CITY_RANKS, bureau=tx.bureau, until=until)
    return [CityRank(**row._mapping) for row in rows]
