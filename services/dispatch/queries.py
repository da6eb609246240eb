"""Every statement this service sends to Postgres, but for those of the shared door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from services.dispatch.case import Texts
from shared.audit.entries import RECORDING, told
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.emergency import Emergency
from shared.domain.readings import Reading
from shared.domain.ticket import Ticket
from shared.domain.words import OPEN_STATES
from shared.events.codec import ENTRY_COLUMNS, load_clocks
from shared.tickets import FOLD, read_folds
from shared.tickets.emergency import list_plans, read_plan
from shared.tickets.loading import CLOCKS_AS_JSON

# What lies beside some tickets: clocks, standing texts, the caller. One statement for one ticket
# as for fifty. For one that is locked it must come after the lock, hence apart.
BESIDE = (
    "SELECT k.id AS ticket_id,"  # noqa: S608 - constants only
    f" (SELECT {CLOCKS_AS_JSON} FROM clocks AS c"
    " WHERE c.bureau_id = :bureau AND c.ticket_id = k.id) AS clocks,"
    " (SELECT json_agg(json_build_array(x.seq, x.field, x.body))::text FROM ("
    "  SELECT DISTINCT ON (seq, field) seq, field, body FROM ticket_texts AS x"
    "  WHERE x.bureau_id = :bureau AND x.ticket_id = k.id AND (:raw OR field <> 'raw')"
    "  ORDER BY seq, field, version DESC) AS x) AS texts,"
    " p.masked_name, p.masked_phone, p.sealed, p.seal_key_id"
    " FROM unnest(CAST(:ids AS bigint[])) AS k(id)"
    " LEFT JOIN callers AS p ON p.bureau_id = :bureau AND p.ticket_id = k.id"
)
LOOK_BESIDE = text(BESIDE)
SHOW_BESIDE = text(RECORDING + BESIDE)
# In the order of their ids, so that no two actions on the same tickets wait for each other.
LOCK_NOS = text(
    f"SELECT {FOLD} FROM tickets AS t WHERE bureau_id = :bureau"  # noqa: S608 - constants only
    " AND no = ANY(CAST(:nos AS text[])) ORDER BY ticket_id FOR NO KEY UPDATE"
)
FIND_NO = text(
    f"SELECT {FOLD} FROM tickets AS t WHERE bureau_id = :bureau AND no = :no"  # noqa: S608
)
ENTRIES = text(
    f"SELECT {ENTRY_COLUMNS} FROM ticket_events"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = :ticket AND seq > :after ORDER BY seq LIMIT :limit"
)
# Ordered by the writing transaction first: below the horizon (the oldest transaction still open)
# nothing can appear any more, so a reader that goes on from here misses nothing.
FEED = (
    "SELECT e.xid::text AS xid, e.position, e.ticket_id, t.no, e.seq, e.type, e.occurred_at,"
    " e.recorded_at, e.data::text AS data FROM ticket_events AS e"
    " JOIN tickets AS t ON t.bureau_id = e.bureau_id AND t.ticket_id = e.ticket_id"
    " WHERE e.bureau_id = :bureau"
    " AND (e.xid, e.position) > (CAST(CAST(:xid AS text) AS xid8), :position)"
    " AND e.xid < minhu_horizon(){scope}"
    " ORDER BY e.xid, e.position LIMIT :limit"
)
OF_UNIT = (
    " AND EXISTS (SELECT FROM ticket_units AS u WHERE u.bureau_id = e.bureau_id"
    " AND u.unit_id = :unit AND u.ticket_id = e.ticket_id)"
    " AND t.object_unit IS DISTINCT FROM :unit"
)
FEED_OF_ALL = text(FEED.format(scope=""))
FEED_OF_UNIT = text(FEED.format(scope=OF_UNIT))


SCOPE = ("trades", "streets", "keywords")
OPEN = sorted(OPEN_STATES)
HOLD_BUREAU = text(
    "UPDATE bureaus SET config_version = config_version + 1 WHERE bureau_id = :bureau"
)
NEXT_PLAN = text(
    "SELECT coalesce(max(number), 0) + 1 AS number FROM emergencies WHERE bureau_id = :bureau"
)
INSERT_PLAN = text(
    "INSERT INTO emergencies (bureau_id, number, seq, type, occurred_at, recorded_at, until_at,"
    " scope, overrides, members, reason, actor_role, actor_name, actor_key)"
    " VALUES (:bureau, :number, 1, 'declared', :now, :now, :until, CAST(:scope AS jsonb),"
    " CAST(:overrides AS jsonb), CAST(:members AS bigint[]), :reason, :role, :name, :key)"
)
LIST_WORDED = text(
    "SELECT DISTINCT t.ticket_id FROM tickets AS t"
    " JOIN ticket_texts AS x ON x.bureau_id = t.bureau_id AND x.ticket_id = t.ticket_id"
    " AND x.seq = CAST(t.fold->'texts'->>x.field AS integer)"
    " WHERE t.bureau_id = :bureau AND t.state = ANY(CAST(:states AS text[]))"
    " AND x.field IN ('title', 'content', 'address')"
    " AND EXISTS (SELECT FROM unnest(CAST(:words AS text[])) AS w(word)"
    "  WHERE position(w.word IN x.body) > 0) ORDER BY t.ticket_id"
)
LIST_NOT_STARTED = text(
    "SELECT DISTINCT ticket_id FROM clocks WHERE bureau_id = :bureau"
    " AND alarm_at >= :at AND start_at > :at AND outcome IS NULL ORDER BY ticket_id"
)
NOTICES = (
    "SELECT n.xid::text AS xid, n.position, n.subject, n.seq, n.kind, n.addressee_kind,"
    " n.addressee, n.urgency, n.at, n.tell_by, n.data::text AS data FROM notices AS n{unit}"
    " WHERE n.bureau_id = :bureau"
    " AND (n.xid, n.position) > (CAST(CAST(:xid AS text) AS xid8), :position)"
    " AND n.xid < minhu_horizon(){scope}"
    " ORDER BY n.xid, n.position LIMIT :limit"
)
NOTICES_OF_ALL = text(NOTICES.format(unit="", scope=""))
NOTICES_OF_UNIT = text(
    NOTICES.format(
        unit=" LEFT JOIN tickets AS t ON t.bureau_id = n.bureau_id AND t.ticket_id = n.ticket_id",
        scope=" AND n.addressee_kind = 'unit' AND n.addressee = :unit"
        " AND t.object_unit IS DISTINCT FROM :unit",
    )
)


@dataclass(frozen=True, slots=True)
class Beside:
    """`sealed` and its key's id are for masking the caller's words, never for showing."""

    texts: Texts
    caller: Mapping[str, str | None]
    sealed: bytes | None
    seal_key_id: str | None


async def lock_folds(tx: Tx, nos: Sequence[str]) -> dict[str, Ticket]:
    """The tickets without their clocks, locked until the transaction ends."""
    rows = await tx.rows(LOCK_NOS, bureau=tx.bureau, nos=list(nos))
    return {ticket.no: ticket for ticket in await read_folds(tx, rows)}


async def find_fold(tx: Tx, no: str) -> Ticket | None:
    row = await tx.row(FIND_NO, bureau=tx.bureau, no=no)
    return None if row is None else (await read_folds(tx, [row]))[0]


async def complete_tickets(
    tx: Tx, tickets: Sequence[Ticket], *, with_raw: bool, shown: Reading | None
) -> list[tuple[Ticket, Beside]]:
    """The tickets with their clocks, and what lies beside each, in one statement.

    `shown`: to whom all of them will be, recorded in the same statement; None where nobody is.
    """
    if not tickets:
        return []
    values = {"ids": [ticket.ticket_id for ticket in tickets], "raw": with_raw}
    if shown is None:
        rows = await tx.rows(LOOK_BESIDE, bureau=tx.bureau, **values)
    else:
        rows = await tx.rows(SHOW_BESIDE, bureau=tx.bureau, **values, **told(tx, shown))
    by_id = {row.ticket_id: row for row in rows}
    return [
        (replace(ticket, clocks=load_clocks(row.clocks)), _beside(row))
        for ticket, row in ((ticket, by_id[ticket.ticket_id]) for ticket in tickets)
    ]


def _beside(row: Any) -> Beside:
    texts = orjson.loads(row.texts) if row.texts else []
    return Beside(
        texts={(seq, field): body for seq, field, body in texts if body is not None},
        caller={"name": row.masked_name, "phone": row.masked_phone},
        sealed=row.sealed,
        seal_key_id=row.seal_key_id,
    )


async def hold_bureau(tx: Tx) -> None:
    """One declaration at a time; every process reads the rulebook anew afterwards."""
    await tx.run(HOLD_BUREAU, bureau=tx.bureau)


async def find_plan(tx: Tx, *, at: datetime) -> Emergency | None:
    """The emergency plan in force."""
    rows = await list_plans(tx)
    return next((plan for row in rows if (plan := read_plan(row)).is_active(at)), None)


async def next_plan_number(tx: Tx) -> int:
    row = await tx.row(NEXT_PLAN, bureau=tx.bureau)
    assert row is not None
    return int(row.number)


async def insert_plan(
    tx: Tx, plan: Emergency, *, number: int, reason: str | None, actor: Actor
) -> None:
    scope = {name: sorted(getattr(plan.scope, name)) for name in SCOPE}
    overrides = {"duty": plan.duty, "limits": dict(plan.limits), "push": plan.push}
    await tx.run(
        INSERT_PLAN,
        bureau=tx.bureau,
        number=number,
        now=tx.now,
        until=plan.until,
        scope=orjson.dumps(scope).decode(),
        overrides=orjson.dumps(overrides).decode(),
        members=sorted(plan.members) or None,
        reason=reason,
        role=actor.role.value,
        name=actor.name,
        key=actor.key,
    )


async def list_worded(tx: Tx, keywords: Sequence[str]) -> list[int]:
    """Open tickets whose standing words hold one of the keywords."""
    rows = await tx.rows(LIST_WORDED, bureau=tx.bureau, states=OPEN, words=list(keywords))
    return [row.ticket_id for row in rows]


async def list_not_started(tx: Tx, *, at: datetime) -> list[int]:
    """Tickets with a clock that has not begun to run."""
    rows = await tx.rows(LIST_NOT_STARTED, bureau=tx.bureau, at=at)
    return [row.ticket_id for row in rows]


async def list_notices(
    tx: Tx, *, unit: str | None, after: tuple[int, int], limit: int
) -> Sequence[Any]:
    """In the order in which they became known; below the horizon none can appear any more."""
    values: dict[str, Any] = {"xid": str(after[0]), "position": after[1], "limit": limit}
    if unit is None:
        return await tx.rows(NOTICES_OF_ALL, bureau=tx.bureau, **values)
    return await tx.rows(NOTICES_OF_UNIT, bureau=tx.bureau, unit=unit, **values)


async def list_log(tx: Tx, ticket_id: int, *, after: int, limit: int) -> Sequence[Any]:
    return await tx.rows(ENTRIES, bureau=tx.bureau, ticket=ticket_id, after=after, limit=limit)


async def list_feed(
    tx: Tx, *, unit: str | None, xid: int, position: int, limit: int
) -> Sequence[Any]:
    values: dict[str, Any] = {"xid": str(xid), "position": position, "limit": limit}
    if unit is None:
        return await tx.rows(FEED_OF_ALL, bureau=tx.bureau, **values)
    return await tx.rows(FEED_OF_UNIT, bureau=tx.bureau, unit=unit, **values)
