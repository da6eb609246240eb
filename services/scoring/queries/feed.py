"""Facts as a feed: in the order in which they were last changed, none of it still in motion.

Rows are ordered by the transaction that last wrote them, and only those are read that are older
than the oldest transaction still open: nothing can appear before a place once passed.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text

from services.scoring.exports.forms import Form, write_gone, written_as
from services.scoring.queries.barring import find_barred
from services.scoring.queries.counting import Scope
from services.scoring.rules.metrics import Due
from shared.db import Tx, Wider

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
BEHIND_ALL = 2**62
CHUNK = 2000

HORIZON = text("SELECT minhu_horizon()::text AS xid, set_config('TimeZone', 'Asia/Shanghai', true)")
# No statistics know of what has just changed: keys come in the order of their index.
BY_INDEX = text("SELECT set_config('enable_sort', 'off', true)")
_PLACE = "(CAST(CAST(:xid AS text) AS xid8), CAST(:ticket AS bigint), CAST(:round AS integer))"
_UNITS = "CAST(:units AS text[])"
_ASKED = (
    " AND (CAST(:from AS timestamptz) IS NULL OR f.opened_at >= CAST(:from AS timestamptz))"
    " AND (CAST(:to AS timestamptz) IS NULL OR f.opened_at < CAST(:to AS timestamptz))"
)
_THEIRS = f" AND ({_UNITS} IS NULL OR f.unit = ANY({_UNITS}))"
_ELSEWHERE = f"coalesce({{0}}.unit <> ALL({_UNITS}), true)"
_LEAVES = f"{{0}}.moved_from = ANY({_UNITS}) AND {_ELSEWHERE}"
_AFTER = (
    f" {{0}}.xid < CAST(CAST(:horizon AS text) AS xid8)"
    f" AND ({{0}}.xid, {{0}}.ticket_id, {{0}}.round) > {_PLACE}{_ASKED}"
)
LIST_CHANGED = text(
    "SELECT f.xid::text AS place, f.ticket_id, f.round, '' AS no FROM facts AS f"  # noqa: S608
    f" WHERE f.bureau_id = :bureau AND{_AFTER.format('f')}{_THEIRS}"
    " ORDER BY f.xid, f.ticket_id, f.round LIMIT CAST(:limit AS integer)"
)
# Of a round that went to somebody else no more is told than that it is gone, and that once: each
# move has a place of its own, whatever happens to the round afterwards.
LIST_LEFT = text(
    "SELECT v.xid::text AS place, v.ticket_id, v.round, v.no FROM fact_versions AS v"  # noqa: S608
    " JOIN facts AS f ON f.bureau_id = v.bureau_id AND f.ticket_id = v.ticket_id"
    " AND f.round = v.round"
    f" WHERE v.bureau_id = :bureau AND {_LEAVES.format('v')} AND {_ELSEWHERE.format('f')}"
    f" AND{_AFTER.format('v')}"
    " AND NOT EXISTS (SELECT FROM fact_versions AS w WHERE w.bureau_id = v.bureau_id"
    " AND w.ticket_id = v.ticket_id AND w.round = v.round AND w.seq > v.seq"
    f" AND {_LEAVES.format('w')})"
    " ORDER BY v.xid, v.ticket_id, v.round LIMIT CAST(:limit AS integer)"
)
_DUES = ", ".join(f"(v.{due.value}_from)" for due in Due)
# Cheap to see of each open round, most of which have long been told.
_MAY_COME = " OR ".join(
    f"v.{due.value}_from BETWEEN CAST(:told AS timestamptz) AND CAST(:known_at AS timestamptz)"
    for due in Due
)
# Rounds told before, one of whose dues has come since: they count now as they did not then. By the
# latest that has come, so that several come as one.
LIST_COME = text(
    "SELECT n.due::text AS place, v.ticket_id, v.round, v.no FROM fact_versions AS v"  # noqa: S608
    f" CROSS JOIN LATERAL (SELECT max(d.due) AS due FROM (VALUES {_DUES}) AS d(due)"
    " WHERE d.due <= CAST(:known_at AS timestamptz)) AS n"
    " CROSS JOIN LATERAL (SELECT FROM facts AS f WHERE f.bureau_id = v.bureau_id"
    " AND f.ticket_id = v.ticket_id AND f.round = v.round"
    f" AND (f.xid, f.ticket_id, f.round) <= {_PLACE}{_ASKED}{_THEIRS} OFFSET 0) AS told"
    " WHERE v.bureau_id = :bureau AND v.known_to = 'infinity' AND v.completed_month IS NULL"
    f" AND v.opened_month IS NOT NULL AND ({_MAY_COME}) AND (n.due, v.ticket_id, v.round) >"
    " (CAST(:told AS timestamptz), CAST(:told_ticket AS bigint), CAST(:told_round AS integer))"
    " ORDER BY n.due, v.ticket_id, v.round LIMIT CAST(:limit AS integer)"
)
# The view hands on neither order nor limit, and takes no join: it is asked for tickets by name.
READ: Mapping[Form, TextClause] = MappingProxyType(
    {
        form: text(
            f"SELECT f.ticket_id, f.round, {written_as(form, 'f')} AS written"  # noqa: S608
            " FROM bi_v1.facts AS f WHERE f.ticket_id = ANY(CAST(:ids AS bigint[]))"
        )
        for form in Form
    }
)
# A file is in no order: its cursor lies behind all of it.
STREAM: Mapping[Form, TextClause] = MappingProxyType(
    {
        form: text(
            f"SELECT f.ticket_id, f.round, {written_as(form, 'f')} AS written"  # noqa: S608
            " FROM bi_v1.facts AS f"
            f" WHERE{_AFTER.format('f')}{_THEIRS}"
        )
        for form in Form
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
    """`units`: whose rounds, None for all; `since` and `until`: of rounds opened in between.

    `reader`: the unit that asks, which is told of no ticket in which it is complained of.
    """

    form: Form
    units: Scope = None
    since: datetime | None = None
    until: datetime | None = None
    reader: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        units = None if self.units is None else sorted(self.units)
        return {"from": self.since, "to": self.until, "units": units}


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
    await tx.run(BY_INDEX)
    come: Sequence[Any] = []
    if place.told is not None:
        given = _values(tx, wish, place, horizon=horizon, limit=limit)
        come = await tx.rows(LIST_COME, **given)
    left = limit - len(come)
    given = _values(tx, wish, place, horizon=horizon, limit=left)
    changed: list[tuple[int, int, int, str]] = []
    if left:
        changed = _places(await tx.rows(LIST_CHANGED, **given))
        changed += _places(await _list_left(tx, wish, given))
    changed = sorted(changed)[:left]
    keys = [(row.ticket_id, row.round, "") for row in come] + [one[1:] for one in changed]
    written = await _write(tx, wish, keys)
    if not left:
        last = come[-1]
        told = datetime.fromisoformat(last.place)
        here = replace(place, told=told, told_ticket=last.ticket_id, told_round=last.round)
    elif len(changed) < left:
        here = place.behind(horizon)
    else:
        here = place.told_to(horizon.known_at).changes_to(*changed[-1][:3])
    return Page(written, here)


async def _list_left(tx: Tx, wish: Wish, given: Mapping[str, Any]) -> Sequence[Any]:
    """Rounds that are somebody else's by now, and so beyond what the reader's rows are."""
    if wish.units is None:
        return ()
    async with tx.widened(Wider.LEFT) as wide:
        return await wide.rows(LIST_LEFT, **given)


def _places(rows: Sequence[Any]) -> list[tuple[int, int, int, str]]:
    return [(int(row.place), row.ticket_id, row.round, row.no) for row in rows]


async def _write(tx: Tx, wish: Wish, keys: Sequence[tuple[int, int, str]]) -> list[str]:
    """In the order of the keys. Those that bear their number have gone."""
    barred = await find_barred(tx, wish.reader, ids={ticket_id for ticket_id, _, _ in keys})
    keys = [key for key in keys if key[0] not in barred]
    ids = [ticket_id for ticket_id, _, no in keys if not no]
    rows = await tx.rows(READ[wish.form], ids=ids) if ids else ()
    written = {(row.ticket_id, row.round): row.written for row in rows}
    return [
        write_gone(wish.form, no, number) if no else written[ticket_id, number]
        for ticket_id, number, no in keys
    ]


async def stream_rows(
    tx: Tx, wish: Wish, place: Place, *, horizon: Horizon
) -> AsyncIterator[Sequence[str]]:
    """The same to the end, some at a time: however many there are, few are in memory."""
    given = _values(tx, wish, place, horizon=horizon, limit=None)
    keys = []
    if place.told is not None:
        keys = [(row.ticket_id, row.round, "") for row in await tx.rows(LIST_COME, **given)]
    keys += [one[1:] for one in _places(await _list_left(tx, wish, given))]
    for start in range(0, len(keys), CHUNK):
        yield await _write(tx, wish, keys[start : start + CHUNK])
    async with tx.connection.stream(STREAM[wish.form], given) as rows:
        async for some in rows.partitions(CHUNK):
            if wish.reader is None:
                yield [row.written for row in some]
            else:
                yield await _write(tx, wish, [(row.ticket_id, row.round, "") for row in some])


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
