"""What folding reads and writes: facts, their states over time, the sums, how far it has come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from services.scoring.rules.fact import Fact
from services.scoring.rules.marks import Marked
from shared.db import Tx
from shared.models import fact_versions, facts
from shared.tickets.statements import write_rows

FACT_COLUMNS = tuple(field.name for field in fields(Fact))
STATE_COLUMNS = tuple(field.name for field in fields(Marked))
MONTHS = tuple(name for name in STATE_COLUMNS if name.endswith("_month"))
DERIVED = (*MONTHS, "marks", "plain_marks")
FACT = ", ".join(f"f.{name}" for name in FACT_COLUMNS)
STATE = ", ".join(f"v.{name}" for name in STATE_COLUMNS)

# Writers of facts come one after another; those that rebuild share the door, each with tickets of
# its own, and everybody else waits for the batch at hand.
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('minhu.facts'), :bureau)")
LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtext('minhu.facts'), :bureau)")

LIST_STORED = text(
    f"SELECT f.seq AS fact_seq, {STATE} FROM facts AS f"  # noqa: S608 - constants only
    " JOIN fact_versions AS v ON v.bureau_id = f.bureau_id AND v.ticket_id = f.ticket_id"
    " AND v.round = f.round AND v.known_to = 'infinity'"
    " WHERE f.bureau_id = :bureau AND f.ticket_id = ANY(CAST(:ids AS bigint[]))"
)
_CHANGED = ", ".join(
    f"{name} = EXCLUDED.{name}"
    for name in (*FACT_COLUMNS, *DERIVED)
    if name not in ("ticket_id", "round")
)
WRITE_FACTS = write_rows(
    facts,
    "facts",
    (*FACT_COLUMNS, *DERIVED),
    conflict="ON CONFLICT (bureau_id, ticket_id, round)"
    f" DO UPDATE SET {_CHANGED}, xid = minhu_xid()",
)
WRITE_STATES = write_rows(
    fact_versions, "states", (*STATE_COLUMNS, "known_to", "months", "moved_from")
)
CLOSE_STATES = (
    "UPDATE fact_versions AS v SET known_to = r.known_to"
    " FROM json_to_recordset(CAST(:closed AS json))"
    " AS r(ticket_id bigint, round smallint, seq integer, known_to timestamptz)"
    " WHERE v.bureau_id = :bureau AND v.ticket_id = r.ticket_id"
    " AND v.round = r.round AND v.seq = r.seq"
)
ADD_SUMS = (
    'INSERT INTO sums (bureau_id, "by", key, month, counts)'
    ' SELECT :bureau, r."by", r.key, r.month, r.counts'
    " FROM json_to_recordset(CAST(:sums AS json))"
    ' AS r("by" text, key text, month integer, counts integer[])'
    ' ON CONFLICT (bureau_id, "by", key, month) DO UPDATE SET counts = ARRAY('
    "SELECT one.mine + one.theirs FROM unnest(sums.counts, EXCLUDED.counts)"
    " WITH ORDINALITY AS one(mine, theirs, place) ORDER BY one.place)"
)
WRITE = text(
    f"WITH written_facts AS ({WRITE_FACTS}), closed AS ({CLOSE_STATES}),"
    f" written_states AS ({WRITE_STATES}) {ADD_SUMS}"
)
ADVANCE = text(
    "INSERT INTO fact_progress (bureau_id, known_at, layout)"
    " VALUES (:bureau, CAST(:known_at AS timestamptz), :layout)"
    " ON CONFLICT (bureau_id) DO UPDATE"
    " SET known_at = greatest(fact_progress.known_at, EXCLUDED.known_at)"
)
READ_PROGRESS = text(
    "SELECT known_at, layout, rebuilt_to FROM fact_progress WHERE bureau_id = :bureau"
)
FACTS_OF = text(
    f"SELECT {FACT} FROM facts AS f"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY ticket_id, round"
)
STATES_OF = text(
    f"SELECT {STATE} FROM fact_versions AS v"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY ticket_id, round, seq"
)
NEXT_IDS = text(
    "SELECT ticket_id FROM ticket_events"
    " WHERE bureau_id = :bureau AND seq = 1 AND ticket_id > :after"
    " UNION SELECT ticket_id FROM facts WHERE bureau_id = :bureau AND ticket_id > :after"
    " ORDER BY ticket_id LIMIT :batch"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """`seq`: the entry that last changed the fact; `state`: how it is counted now."""

    seq: int
    state: Marked


@dataclass(frozen=True, slots=True)
class Progress:
    """`known_at`: the recorded time of the last event taken in. `layout`: that of the sums.

    `rebuilt_to`: everything is being folded again and has come as far as that ticket; None where
    all is done.
    """

    known_at: datetime | None
    layout: str
    rebuilt_to: int | None


async def lock_facts(tx: Tx, *, shared: bool = False) -> None:
    await tx.run(LOCK_SHARED if shared else LOCK, bureau=tx.bureau)


async def list_stored(tx: Tx, ids: Collection[int]) -> dict[tuple[int, int], Stored]:
    rows: Sequence[Any] = await tx.rows(LIST_STORED, bureau=tx.bureau, ids=list(ids))
    stored = [Stored(row[0], Marked(*row[1:])) for row in rows]
    return {(one.state.ticket_id, one.state.round): one for one in stored}


async def write_folded(
    tx: Tx,
    *,
    facts: Sequence[dict[str, Any]],
    states: Sequence[dict[str, Any]],
    closed: Sequence[dict[str, Any]],
    sums: Sequence[dict[str, Any]],
) -> None:
    """All that a fold changes, in one statement."""
    await tx.run(
        WRITE,
        bureau=tx.bureau,
        facts=orjson.dumps(facts).decode(),
        states=orjson.dumps(states).decode(),
        closed=orjson.dumps(closed).decode(),
        sums=orjson.dumps(sums).decode(),
    )


async def advance_progress(tx: Tx, *, known_at: datetime, layout: str) -> None:
    """Entries recorded up to then were taken in, whether they changed anything or not."""
    await tx.run(ADVANCE, bureau=tx.bureau, known_at=known_at, layout=layout)


async def find_progress(tx: Tx) -> Progress | None:
    row = await tx.row(READ_PROGRESS, bureau=tx.bureau)
    return None if row is None else Progress(row.known_at, row.layout, row.rebuilt_to)


async def list_facts_of(tx: Tx, ids: Collection[int]) -> list[Fact]:
    rows: Sequence[Any] = await tx.rows(FACTS_OF, bureau=tx.bureau, ids=list(ids))
    return [Fact(*row) for row in rows]


async def list_states_of(tx: Tx, ids: Collection[int]) -> list[Marked]:
    rows: Sequence[Any] = await tx.rows(STATES_OF, bureau=tx.bureau, ids=list(ids))
    return [Marked(*row) for row in rows]


async def list_ids_after(tx: Tx, after: int, *, batch: int) -> Sequence[int]:
    """The next tickets that have a log or facts, in order."""
    rows = await tx.rows(NEXT_IDS, bureau=tx.bureau, after=after, batch=batch)
    return [row.ticket_id for row in rows]


def fact_row(fact: Fact, state: Marked) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(fact, name) for name in FACT_COLUMNS}
    return row | {name: getattr(state, name) for name in DERIVED}


def state_row(
    state: Marked, known_to: datetime | None, *, before: Marked | None = None
) -> dict[str, Any]:
    """`known_to` None: it still stands. `before`: the round's state until then."""
    row: dict[str, Any] = {name: getattr(state, name) for name in STATE_COLUMNS}
    months = {row[name] for name in MONTHS} - {None}
    moved = before is not None and before.unit != state.unit
    return row | {
        "known_to": known_to or "infinity",
        "months": sorted(months),
        "moved_from": before.unit if before is not None and moved else None,
    }
