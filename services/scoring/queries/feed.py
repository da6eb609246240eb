"""Facts as a feed: in the order in which they were last changed, none of it still in motion.

Rows are ordered by the transaction that last wrote them, and only those are read that are older
than the oldest transaction still open: nothing can appear before a place once passed.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text

from services.scoring.exports.columns import COLUMNS
from services.scoring.exports.forms import Form, written_as
from services.scoring.queries.counting import Scope
from services.scoring.rules.metrics import Due
from shared.db import Tx

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
BEHIND_ALL = 2**62
REASSIGNED = "reassigned"
STREAMED = 2000

HORIZON = text(
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid,"
    " set_config('TimeZone', 'Asia/Shanghai', true)"
)
_NAMES = ", ".join(f"f.{column.name}" for column in COLUMNS)
_PLACE = "(CAST(CAST(:xid AS text) AS xid8), CAST(:ticket AS bigint), CAST(:round AS integer))"
_HORIZON = "CAST(CAST(:horizon AS text) AS xid8)"
_UNITS = "ANY(CAST(:units AS text[]))"
_ELSEWHERE = "coalesce({0}.unit <> ALL(CAST(:units AS text[])), true)"
_LEAVES = f"{{0}}.moved_from = {_UNITS} AND {_ELSEWHERE}"
_OPENED = (
    " AND (CAST(:from AS timestamptz) IS NULL OR f.opened_at >= CAST(:from AS timestamptz))"
    " AND (CAST(:to AS timestamptz) IS NULL OR f.opened_at < CAST(:to AS timestamptz))"
)
_CHANGED = (
    f"SELECT f.xid, f.ticket_id, {_NAMES} FROM bi_v1.facts AS f"  # noqa: S608 - constants only
    f" WHERE f.xid < {_HORIZON} AND (f.xid, f.ticket_id, f.round) > {_PLACE}{_OPENED}"
)
# Of a round that went to somebody else no more is told than that it is gone, and that once: each
# move has a place of its own, whatever happens to the round afterwards.
_GONE = ", ".join(
    {"no": "v.no", "round": "v.round", "removed": f"'{REASSIGNED}'"}.get(column.name, "NULL")
    for column in COLUMNS
)
_LEFT = (
    f"SELECT v.xid, v.ticket_id, {_GONE} FROM fact_versions AS v"  # noqa: S608 - constants only
    " JOIN facts AS f ON f.bureau_id = v.bureau_id AND f.ticket_id = v.ticket_id"
    " AND f.round = v.round"
    f" WHERE v.bureau_id = :bureau AND {_LEAVES.format('v')} AND {_ELSEWHERE.format('f')}"
    f" AND v.xid < {_HORIZON} AND (v.xid, v.ticket_id, v.round) > {_PLACE}{_OPENED}"
    " AND NOT EXISTS (SELECT FROM fact_versions AS w WHERE w.bureau_id = v.bureau_id"
    " AND w.ticket_id = v.ticket_id AND w.round = v.round AND w.seq > v.seq"
    f" AND {_LEAVES.format('w')})"
)
_OF_UNITS = f" AND f.unit = {_UNITS}"
_DUES = ", ".join(f"(v.{due.value}_from)" for due in Due)
# Rounds told before, one of whose dues has come since: they count now as they did not then. By the
# latest that has come, so that several come as one.
_COME = (
    f"SELECT n.due, f.ticket_id, {_NAMES} FROM fact_versions AS v"  # noqa: S608 - constants only
    f" CROSS JOIN LATERAL (SELECT max(d.due) AS due FROM (VALUES {_DUES}) AS d(due)"
    " WHERE d.due <= CAST(:known_at AS timestamptz)) AS n"
    " JOIN bi_v1.facts AS f ON f.ticket_id = v.ticket_id AND f.round = v.round"
    " WHERE v.bureau_id = :bureau AND v.known_to = 'infinity' AND v.completed_month IS NULL"
    " AND v.opened_month IS NOT NULL AND (n.due, v.ticket_id, v.round) > "
    "(CAST(:told AS timestamptz), CAST(:told_ticket AS bigint), CAST(:told_round AS integer))"
    f" AND (f.xid, f.ticket_id, f.round) <= {_PLACE}{_OPENED}"
)


def _ordered(rows: str, order: str) -> str:
    """LIMIT NULL is none."""
    return f"({rows} ORDER BY {order}, ticket_id, round LIMIT CAST(:limit AS integer))"


def _written(rows: str, order: str, form: Form) -> TextClause:
    return text(
        f"SELECT r.{order}::text AS place, r.ticket_id, r.round, {written_as(form, 'r')} AS written"  # noqa: S608
        f" FROM ({_ordered(rows, order)}) AS r"
    )


_OF_THEM = f"{_ordered(_CHANGED + _OF_UNITS, 'xid')} UNION ALL {_ordered(_LEFT, 'xid')}"
LIST_CHANGED: Mapping[tuple[bool, Form], TextClause] = MappingProxyType(
    {
        (scoped, form): _written(_OF_THEM if scoped else _CHANGED, "xid", form)
        for scoped, form in product((False, True), Form)
    }
)
LIST_COME: Mapping[tuple[bool, Form], TextClause] = MappingProxyType(
    {
        (scoped, form): _written(_COME + (_OF_UNITS if scoped else ""), "due", form)
        for scoped, form in product((False, True), Form)
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader has come: among the changes, and among the dues that make rounds count.

    `told`, `told_ticket`, `told_round`: the last due told of; None before the first page.
    """

    xid: int = 0
    ticket: int = 0
    round: int = 0
    told: datetime | None = None
    told_ticket: int = 0
    told_round: int = 0

    def behind(self, horizon: "Horizon") -> "Place":
        """After all that there was to be told at that moment."""
        return self.told_to(horizon.known_at).changes_to(max(horizon.xid, self.xid), 0, 0)

    def told_to(self, at: datetime) -> "Place":
        return replace(self, told=at, told_ticket=BEHIND_ALL, told_round=0)

    def changes_to(self, xid: int, ticket: int, number: int) -> "Place":
        return replace(self, xid=xid, ticket=ticket, round=number)


@dataclass(frozen=True, slots=True)
class Horizon:
    """`xid`: the oldest transaction still open; `known_at`: which dues have come."""

    xid: int
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """`units`: whose rounds, None for all; `since` and `until`: of rounds opened in between."""

    form: Form
    units: Scope = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def variant(self) -> tuple[bool, Form]:
        return self.units is not None, self.form

    @property
    def values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"from": self.since, "to": self.until}
        return values | ({} if self.units is None else {"units": sorted(self.units)})


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they are written, and where to go on."""

    rows: Sequence[str]
    place: Place


async def get_horizon(tx: Tx, known_at: datetime | None) -> Horizon:
    """Of the transaction's one moment. From here on, times in it are written in Shanghai's."""
    row = await tx.row(HORIZON)
    assert row is not None
    return Horizon(int(row.xid), known_at or LONG_AGO)


async def read_rows(tx: Tx, wish: Wish, place: Place, *, horizon: Horizon, limit: int) -> Page:
    """What has come to count first, then what was changed: each row as it now is."""
    rows: list[str] = []
    if place.told is not None:
        given = _values(tx, wish, place, horizon=horizon, limit=limit)
        come = await tx.rows(LIST_COME[wish.variant], **given)
        rows = [row.written for row in come]
        if len(rows) == limit:
            last = come[-1]
            told = datetime.fromisoformat(last.place)
            here = replace(place, told=told, told_ticket=last.ticket_id, told_round=last.round)
            return Page(rows, here)
    left = limit - len(rows)
    given = _values(tx, wish, place, horizon=horizon, limit=left)
    changed = await tx.rows(LIST_CHANGED[wish.variant], **given)
    rows += [row.written for row in changed]
    if len(changed) < left:
        return Page(rows, place.behind(horizon))
    last = changed[-1]
    here = place.told_to(horizon.known_at).changes_to(int(last.place), last.ticket_id, last.round)
    return Page(rows, here)


async def stream_rows(
    tx: Tx, wish: Wish, place: Place, *, horizon: Horizon
) -> AsyncIterator[Sequence[str]]:
    """The same to the end, some at a time: however many there are, few are in memory."""
    given = _values(tx, wish, place, horizon=horizon, limit=None)
    statements = (LIST_COME, LIST_CHANGED) if place.told is not None else (LIST_CHANGED,)
    for listing in statements:
        async with tx.connection.stream(listing[wish.variant], given) as rows:
            async for some in rows.columns("written").partitions(STREAMED):
                yield [row.written for row in some]


def _values(
    tx: Tx, wish: Wish, place: Place, *, horizon: Horizon, limit: int | None
) -> dict[str, Any]:
    return wish.values | {
        "bureau": tx.bureau,
        "xid": str(place.xid),
        "ticket": place.ticket,
        "round": place.round,
        "told": place.told or LONG_AGO,
        "told_ticket": place.told_ticket,
        "told_round": place.told_round,
        "horizon": str(horizon.xid),
        "known_at": horizon.known_at,
        "limit": limit,
    }
