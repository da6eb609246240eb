"""Every statement of the sanitation assessment."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import text

from services.scoring.rules.appealing import EXCLUSION, AppealWord
from services.scoring.rules.deductions import Deduction
from services.scoring.rules.flips import Stands
from services.scoring.rules.segments import Segment
from shared import models
from shared.db import Tx
from shared.domain.roads import plain
from shared.tickets.statements import NOTHING, write_rows

HOLD = "SELECT pg_advisory_xact_lock{shared}(CAST(:key AS bigint))"
HOLD_ALONE, HOLD_TOGETHER = (text(HOLD.format(shared=one)) for one in ("", "_shared"))
DEDUCTION = (
    "d.round, d.rule, d.ordinal, d.month, d.contractor, d.points, d.cause, d.road, d.reverses,"
    " d.seq, d.position, d.recorded_at"
)
# All that may ever have been charged: completed in a month that has a register of roads.
MONTHS = (
    "SELECT DISTINCT f.ticket_id, f.no,"
    " CAST(to_char(f.completed_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMM') AS integer) AS month"
    " FROM facts AS f WHERE f.bureau_id = :bureau AND f.completed_at IS NOT NULL"
)
COMPLETED = text(
    f"SELECT c.ticket_id, c.no, c.month FROM ({MONTHS}"  # noqa: S608 - constants only
    " AND f.ticket_id = ANY(CAST(:ids AS bigint[]))) AS c"
    " WHERE EXISTS (SELECT FROM inspections AS i"
    "  WHERE i.bureau_id = :bureau AND i.month = c.month)"
)
COMPLETED_IN = text(
    "SELECT DISTINCT ticket_id FROM facts WHERE bureau_id = :bureau"
    " AND completed_at >= :start AND completed_at < :finish ORDER BY ticket_id"
)
SEGMENTS = text(
    "SELECT inspection_id, position, recorded_at, month, contractor, road, street, from_no, to_no,"
    " withdrawn_for IS NOT NULL AS withdrawn FROM inspections"
    " WHERE bureau_id = :bureau AND month = ANY(CAST(:months AS integer[])) ORDER BY position"
)
# Of each wording the newest version; none is left where it was erased.
ADDRESSES = text(
    "SELECT DISTINCT ON (ticket_id, seq) ticket_id, seq, body FROM ticket_texts"
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[])) AND field = 'address'"
    " ORDER BY ticket_id, seq, erased_at IS NOT NULL, version DESC"
)
POSITIONS = text(
    "SELECT ticket_id, seq, position FROM ticket_events"
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[])) ORDER BY ticket_id, seq"
)
DEDUCTIONS_OF = text(
    f"SELECT d.subject, {DEDUCTION} FROM deductions AS d"  # noqa: S608 - constants only
    " WHERE d.bureau_id = :bureau AND d.subject = ANY(CAST(:subjects AS text[]))"
    " ORDER BY d.subject, d.round, d.rule, d.ordinal"
)
INSERT_DEDUCTIONS = text(write_rows(models.deductions, "rows", conflict=NOTHING))
# As known at an instant: what was recorded by then. At the very instant of a freeze (`xid`) only
# the transaction that wrote a row tells what came later.
KNOWN = (
    " AND (CAST(:known_at AS timestamptz) IS NULL OR recorded_at < :known_at"
    " OR recorded_at = :known_at AND (CAST(:xid AS text) IS NULL"
    " OR coalesce(xid <= CAST(CAST(:xid AS text) AS xid8), true)))"
)
SCORES_IN = text(
    "SELECT contractor, score FROM (SELECT DISTINCT ON (inspection_id) contractor, score,"  # noqa: S608
    " withdrawn_for FROM inspections WHERE bureau_id = :bureau AND month = :month"
    f"{KNOWN} ORDER BY inspection_id, revision DESC) AS i WHERE withdrawn_for IS NULL"
)
MEDIA_IN = text(
    "SELECT contractor, count(*) AS items FROM (SELECT DISTINCT ON (media_id) contractor,"  # noqa: S608
    " withdrawn_for FROM media_items WHERE bureau_id = :bureau AND month = :month"
    f"{KNOWN} ORDER BY media_id, revision DESC) AS m WHERE withdrawn_for IS NULL"
    " GROUP BY contractor"
)
STANDS = "sum(CASE WHEN reverses IS NULL THEN 1 ELSE -1 END)"
STANDING_IN = text(
    f"SELECT contractor, rule, {STANDS} AS rounds FROM deductions"  # noqa: S608
    f" WHERE bureau_id = :bureau AND month = :month{KNOWN} GROUP BY contractor, rule"
)
LIST_STANDING = text(
    "SELECT subject, round, rule, contractor FROM deductions"  # noqa: S608
    f" WHERE bureau_id = :bureau AND month = :month{KNOWN}"
    f" GROUP BY subject, round, rule, contractor HAVING {STANDS} > 0"
    " ORDER BY subject, round, rule, contractor"
)
LATEST_IN = text(
    "SELECT max(recorded_at) AS latest FROM ("
    "SELECT recorded_at FROM inspections WHERE bureau_id = :bureau AND month = :month UNION ALL "
    "SELECT recorded_at FROM media_items WHERE bureau_id = :bureau AND month = :month) AS told"
)
LIST_DEDUCTIONS = text(
    f"SELECT d.subject, d.ticket_id, {DEDUCTION},"  # noqa: S608 - constants only
    " (CAST(:reader AS text) IS NULL OR EXISTS (SELECT FROM ticket_units AS u"
    "  WHERE u.bureau_id = d.bureau_id AND u.unit_id = :reader AND u.ticket_id = d.ticket_id)"
    "  AND EXISTS (SELECT FROM tickets AS t WHERE t.bureau_id = d.bureau_id AND t.ticket_id"
    "  = d.ticket_id AND t.object_unit IS DISTINCT FROM :reader)) AS is_told"
    " FROM deductions AS d"
    " WHERE d.bureau_id = :bureau AND d.month = :month AND d.points <> 0"
    " AND (CAST(:contractors AS text[]) IS NULL OR d.contractor = ANY(:contractors))"
    " AND (CAST(:known_at AS timestamptz) IS NULL OR d.recorded_at <= :known_at)"
    " AND (d.position, d.subject, d.round, d.rule, d.ordinal)"
    " > (:position, :subject, :round, :rule, :ordinal)"
    " ORDER BY d.position, d.subject, d.round, d.rule, d.ordinal LIMIT :limit"
)
APPEALS = text(
    "SELECT ticket_id, type, data::text AS data FROM ticket_events WHERE bureau_id = :bureau"
    " AND ticket_id = ANY(CAST(:ids AS bigint[])) AND type IN ('ticket.appealed',"
    " 'ticket.appeal_decided', 'ticket.exclusion_requested', 'ticket.exclusion_decided')"
    " AND (CAST(:known_at AS timestamptz) IS NULL OR recorded_at <= :known_at)"
    " ORDER BY ticket_id, seq"
)
MEDIA_IDS = text("SELECT DISTINCT media_id FROM media_items WHERE bureau_id = :bureau")
FIND_NOS = text(
    "SELECT no FROM tickets WHERE bureau_id = :bureau AND no = ANY(CAST(:nos AS text[]))"
)


@dataclass(frozen=True, slots=True)
class Known:
    """As of an instant, None for now; of a frozen month with the transaction that froze it."""

    at: datetime | None = None
    xid: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {"known_at": self.at, "xid": self.xid}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the rows of one deductible thing hang: a ticket, or a media item."""

    subject: str
    ticket_id: int | None


def _deduction(row: Any) -> Deduction:
    return Deduction(**{name: getattr(row, name) for name in Deduction.__slots__})


async def hold_register(tx: Tx, *, alone: bool) -> None:
    """Whoever changes what roads or media there are holds the register alone.

    Whoever charges tickets holds it with others, so that each sees all the other has done.
    """
    digest = hashlib.sha256(f"sanitation:{tx.bureau}".encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    await tx.run(HOLD_ALONE if alone else HOLD_TOGETHER, key=key)


async def list_completed(tx: Tx, ids: Collection[int]) -> Sequence[Any]:
    """Ticket, number and month (202611) of completions in months with a register."""
    return await tx.rows(COMPLETED, bureau=tx.bureau, ids=list(ids))


async def list_completed_in(tx: Tx, start: datetime, finish: datetime) -> list[int]:
    rows = await tx.rows(COMPLETED_IN, bureau=tx.bureau, start=start, finish=finish)
    return [row.ticket_id for row in rows]


async def list_segments(tx: Tx, months: Collection[int]) -> list[Segment]:
    """Every revision, as recorded."""
    rows = await tx.rows(SEGMENTS, bureau=tx.bureau, months=sorted(months))
    return [Segment(**{**row._mapping, "road": plain(row.road)}) for row in rows]


async def list_addresses(tx: Tx, ids: Collection[int]) -> dict[int, dict[int, str | None]]:
    """Every wording by ticket and entry; None where it was erased."""
    found: dict[int, dict[int, str | None]] = {}
    for row in await tx.rows(ADDRESSES, bureau=tx.bureau, ids=list(ids)):
        found.setdefault(row.ticket_id, {})[row.seq] = row.body
    return found


async def list_positions(tx: Tx, ids: Collection[int]) -> dict[int, dict[int, int]]:
    """By ticket and entry. Within one transaction they may not follow the entries: made to."""
    found: dict[int, dict[int, int]] = {}
    for row in await tx.rows(POSITIONS, bureau=tx.bureau, ids=list(ids)):
        known = found.setdefault(row.ticket_id, {})
        known[row.seq] = max(row.position, known.get(row.seq - 1, 0))
    return found


async def list_deductions_of(tx: Tx, subjects: Collection[str]) -> dict[str, list[Deduction]]:
    found: dict[str, list[Deduction]] = {}
    for row in await tx.rows(DEDUCTIONS_OF, bureau=tx.bureau, subjects=list(subjects)):
        found.setdefault(row.subject, []).append(_deduction(row))
    return found


async def insert_deductions(tx: Tx, rows: Iterable[tuple[Standing, Deduction]]) -> None:
    written = [
        {
            "subject": standing.subject,
            "ticket_id": standing.ticket_id,
            **{name: getattr(row, name) for name in Deduction.__slots__},
            "points": str(row.points),
        }
        for standing, row in rows
    ]
    if written:
        encoded = orjson.dumps(written).decode()
        await tx.run(INSERT_DEDUCTIONS, bureau=tx.bureau, rows=encoded)


async def list_scores_in(tx: Tx, month: int, known: Known) -> dict[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = {}
    for row in await tx.rows(SCORES_IN, bureau=tx.bureau, month=month, **known.values):
        found.setdefault(row.contractor, []).append(row.score)
    return found


async def count_media_in(tx: Tx, month: int, known: Known) -> Mapping[str, int]:
    rows = await tx.rows(MEDIA_IN, bureau=tx.bureau, month=month, **known.values)
    return {row.contractor: row.items for row in rows}


async def count_standing_in(tx: Tx, month: int, known: Known) -> dict[str, dict[str, int]]:
    """Deductions by contractor and rule, less those that were made good."""
    found: dict[str, dict[str, int]] = {}
    for row in await tx.rows(STANDING_IN, bureau=tx.bureau, month=month, **known.values):
        found.setdefault(row.contractor, {})[row.rule] = int(row.rounds)
    return found


async def list_standing(tx: Tx, month: int, known: Known) -> list[Stands]:
    rows = await tx.rows(LIST_STANDING, bureau=tx.bureau, month=month, **known.values)
    return [Stands(row.subject, row.round, row.contractor, row.rule) for row in rows]


async def find_latest_in(tx: Tx, month: int) -> datetime | None:
    """When an inspection or a media item of that month was last told."""
    row = await tx.row(LATEST_IN, bureau=tx.bureau, month=month)
    return None if row is None else row.latest


async def list_media_ids(tx: Tx) -> list[str]:
    return [row.media_id for row in await tx.rows(MEDIA_IDS, bureau=tx.bureau)]


async def find_nos(tx: Tx, nos: Collection[str]) -> set[str]:
    """Those of the ticket numbers that exist."""
    if not nos:
        return set()
    rows = await tx.rows(FIND_NOS, bureau=tx.bureau, nos=sorted(nos))
    return {row.no for row in rows}


async def list_deductions(
    tx: Tx,
    month: int,
    *,
    contractors: Collection[str] | None,
    reader: str | None,
    known_at: datetime | None,
    after: tuple[int, str, int, str, int],
    limit: int,
) -> Sequence[Any]:
    """In the order they came to be. `is_told`: the reader (a unit; None is all) may know the
    ticket, having had a part in it without being its object."""
    position, subject, number, rule, ordinal = after
    return await tx.rows(
        LIST_DEDUCTIONS,
        bureau=tx.bureau,
        month=month,
        contractors=None if contractors is None else sorted(contractors),
        reader=reader,
        known_at=known_at,
        position=position,
        subject=subject,
        round=number,
        rule=rule,
        ordinal=ordinal,
        limit=limit,
    )


async def list_appeals(
    tx: Tx, ids: Collection[int], known_at: datetime | None
) -> dict[int, list[AppealWord]]:
    """What was asked and decided on these tickets, in the order of their logs."""
    found: dict[int, list[AppealWord]] = {}
    for row in await tx.rows(APPEALS, bureau=tx.bureau, ids=sorted(ids), known_at=known_at):
        data = orjson.loads(row.data)
        word = AppealWord(data.get("verdict", EXCLUSION), data.get("round"), data.get("granted"))
        found.setdefault(row.ticket_id, []).append(word)
    return found
