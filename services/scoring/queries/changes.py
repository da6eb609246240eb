"""What a period's figures were made of in two views, side by side, and the entries between."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from services.scoring.queries.counting import KEYS, Scope
from services.scoring.rules.changes import Change, Place, State, View
from services.scoring.rules.marks import NOTHING
from services.scoring.rules.metrics import METRICS, Metric
from services.scoring.rules.periods import Period
from shared.db import Tx
from shared.domain.events import ClockMissed

_KEYS = f"ARRAY[{', '.join(KEYS.values())}]"
_SEEN = (
    " v.bureau_id = :bureau AND (CAST(:units AS text[]) IS NULL"
    " OR v.unit = ANY(CAST(:units AS text[])))"
)
_FROZEN = " AND v.period = :period AND v.revision = :revision_{side}"
_STATES_THEN = "minhu_versions_known(CAST(:months AS integer[]), :known_at_{side})"
STATES_OF = text(
    f"SELECT v.ticket_id, v.round, v.seq, v.known_from, v.marks, {_KEYS} AS keys,"  # noqa: S608
    " ARRAY[v.opened_month, v.dispatched_month, v.contact_month, v.due_month, v.completed_month,"
    " v.reply_month] AS months, ARRAY[v.contact_from, v.accept_from, v.due_from, v.reply_from]"
    " AS dues FROM fact_versions AS v"
    " WHERE v.bureau_id = :bureau AND v.ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY v.ticket_id, v.round, v.seq"
)
EVENTS_OF = text(
    "SELECT ticket_id, seq, type, occurred_at, recorded_at, data->>'name' AS clock,"
    " data->>'round' AS round FROM ticket_events"
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " AND (seq = ANY(CAST(:seqs AS integer[])) OR type = :missed) ORDER BY ticket_id, seq"
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a ticket's log, told thinly. `clock` and `round`: of a clock missed."""

    seq: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    clock: str | None
    round: int | None


async def list_changes(
    tx: Tx,
    period: Period,
    since: View,
    until: View,
    *,
    units: Scope,
    start: tuple[str, int],
    limit: int,
) -> list[Change]:
    """The rounds whose figures differ, in order, from the one named on."""
    months = period.months
    rows = await tx.rows(
        _compare(since, until),
        bureau=tx.bureau,
        units=None if units is None else sorted(units),
        period=period.id,
        months=list(months),
        first=months[0],
        last=months[-1],
        revision_a=since.revision,
        revision_b=until.revision,
        known_at_a=since.known_at,
        known_at_b=until.known_at,
        no=start[0],
        round=start[1],
        limit=limit,
    )
    return [
        Change(
            row.ticket_id,
            row.no,
            row.round,
            _place(row.seq_a, row.marks_a, row.keys_a),
            _place(row.seq_b, row.marks_b, row.keys_b),
        )
        for row in rows
    ]


def _place(seq: int | None, marks: str, keys: Sequence[str | None]) -> Place | None:
    return None if seq is None else Place(seq, marks, tuple(keys))


def _compare(since: View, until: View) -> TextClause:
    columns = ", ".join(
        f"{side}.{name} AS {name}_{side}" for side in "ab" for name in ("seq", "marks", "keys")
    )
    return text(
        f"WITH a AS ({_view(since, 'a')}), b AS ({_view(until, 'b')})"  # noqa: S608
        f" SELECT ticket_id, coalesce(a.no, b.no) AS no, round, {columns}"
        " FROM a FULL JOIN b USING (ticket_id, round)"
        " WHERE (a.marks IS DISTINCT FROM b.marks OR a.keys IS DISTINCT FROM b.keys)"
        " AND (coalesce(a.no, b.no), round) >= (:no, :round)"
        " ORDER BY 2, 3 LIMIT :limit"
    )


def _view(view: View, side: str) -> str:
    table, holds = (_STATES_THEN.format(side=side), "")
    if view.revision is not None:
        table, holds = ("frozen_states", _FROZEN)
    marks = " || ".join(_mark(number, metric, side) for number, metric in enumerate(METRICS, 1))
    return (
        f"SELECT * FROM (SELECT v.ticket_id, v.round, v.no, v.seq, {_KEYS} AS keys,"  # noqa: S608
        f" {marks} AS marks FROM {table} AS v WHERE{_SEEN}{holds.format(side=side)}"
        f") AS of_{side} WHERE marks <> '{NOTHING * len(METRICS)}'"
    )


def _mark(number: int, metric: Metric, side: str) -> str:
    """The mark where it counts in the period; an older release may have known fewer metrics."""
    counts = f"v.{metric.dated.value}_month BETWEEN :first AND :last"
    if metric.due is not None:
        counts += f" AND coalesce(v.{metric.due.value}_from <= :known_at_{side}, true)"
    letter = f"coalesce(nullif(substr(v.marks, {number}, 1), ''), '{NOTHING}')"
    return f"CASE WHEN {counts} THEN {letter} ELSE '{NOTHING}' END"


async def list_states(tx: Tx, ids: Collection[int]) -> dict[tuple[int, int], list[State]]:
    """All states of the rounds of some tickets, oldest first."""
    found: defaultdict[tuple[int, int], list[State]] = defaultdict(list)
    for row in await tx.rows(STATES_OF, bureau=tx.bureau, ids=list(ids)):
        months, dues = tuple(row.months), tuple(row.dues)
        state = State(row.seq, row.known_from, row.marks, tuple(row.keys), months, dues)
        found[row.ticket_id, row.round].append(state)
    return found


async def list_log_entries(
    tx: Tx, ids: Collection[int], seqs: Collection[int]
) -> dict[int, list[LogEntry]]:
    """Of some tickets the entries of those numbers, and every clock missed."""
    found: defaultdict[int, list[LogEntry]] = defaultdict(list)
    rows: Sequence[Any] = await tx.rows(
        EVENTS_OF, bureau=tx.bureau, ids=list(ids), seqs=list(seqs), missed=ClockMissed.type
    )
    for row in rows:
        missed = row.type == ClockMissed.type
        entry = LogEntry(
            row.seq,
            row.type,
            row.occurred_at,
            row.recorded_at,
            clock=row.clock if missed else None,
            round=int(row.round) if missed else None,
        )
        found[row.ticket_id].append(entry)
    return found
