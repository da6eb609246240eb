"""Reading and locking tickets and their logs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.clocks import Clock
from shared.domain.events import Entry
from shared.domain.fold import fold
from shared.domain.ticket import Ticket
from shared.events.codec import (
    BY_TYPE,
    ENTRY_COLUMNS,
    FORM,
    load_clocks,
    load_entry,
    load_ticket,
)

CLOCKS_AS_JSON = (
    "json_agg(json_build_object('name', name, 'round', round, 'ordinal', ordinal, 'unit', unit,"
    " 'start', start_at, 'due', due_at, 'warn', warn_at, 'rule', rule, 'limits', limits_version,"
    " 'calendar', calendar_version, 'outcome', outcome, 'stopped_at', stopped_at,"
    " 'warned', warned, 'missed', missed) ORDER BY round, start_at, name, ordinal)::text"
)
# `torn`: an older release has written over the fold of a newer one, of that form.
FOLD = (
    "t.ticket_id, t.fold::text AS fold,"
    " CASE WHEN coalesce((t.fold->>'form')::integer, 0) < t.form THEN t.form END AS torn"
)
LOCK_NO = text(
    f"SELECT {FOLD} FROM tickets AS t"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND no = :no FOR NO KEY UPDATE"
)
LOCK_IDS = text(
    f"SELECT {FOLD} FROM tickets AS t"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY ticket_id FOR NO KEY UPDATE"
)
LOCK_FREE = text(
    f"SELECT {FOLD} FROM tickets AS t"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY ticket_id FOR NO KEY UPDATE SKIP LOCKED"
)
FIND_NOS = (
    f"SELECT {FOLD} FROM tickets AS t"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND no = ANY(:nos)"
)
READ_NOS = text(FIND_NOS)
LOCK_NOS = text(f"{FIND_NOS} ORDER BY ticket_id FOR NO KEY UPDATE")
FIND_IDS = text(
    f"SELECT {FOLD} FROM tickets AS t"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
)
CLOCKS_OF = text(
    f"SELECT ticket_id, {CLOCKS_AS_JSON} AS clocks FROM clocks"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[])) GROUP BY ticket_id"
)
ENTRIES_OF = text(
    f"SELECT ticket_id, {ENTRY_COLUMNS} FROM ticket_events"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " ORDER BY ticket_id, seq"
)


async def lock_no(tx: Tx, no: str) -> Ticket | None:
    """The ticket of that number as it is now, in this transaction's hands until it ends."""
    row = await tx.row(LOCK_NO, bureau=tx.bureau, no=no)
    return None if row is None else (await with_clocks(tx, await read_folds(tx, [row])))[0]


async def lock_ids(tx: Tx, ids: Collection[int]) -> dict[int, Ticket]:
    """Several at once, locked in order of id so that two transactions cannot cross."""
    if not ids:
        return {}
    rows = await tx.rows(LOCK_IDS, bureau=tx.bureau, ids=sorted(ids))
    tickets = await with_clocks(tx, await read_folds(tx, rows))
    return {ticket.ticket_id: ticket for ticket in tickets}


async def lock_free(tx: Tx, ids: Collection[int]) -> dict[int, Ticket]:
    """Those of them that are in nobody else's hands."""
    if not ids:
        return {}
    rows = await tx.rows(LOCK_FREE, bureau=tx.bureau, ids=sorted(ids))
    tickets = await with_clocks(tx, await read_folds(tx, rows))
    return {ticket.ticket_id: ticket for ticket in tickets}


async def find_tickets(tx: Tx, ids: Collection[int]) -> dict[int, Ticket]:
    """Without locks; for reading only."""
    if not ids:
        return {}
    rows = await tx.rows(FIND_IDS, bureau=tx.bureau, ids=list(ids))
    tickets = await with_clocks(tx, await read_folds(tx, rows))
    return {ticket.ticket_id: ticket for ticket in tickets}


async def find_masters(
    tx: Tx, tickets: Iterable[Ticket], *, locking: bool = False
) -> dict[str, Ticket]:
    """The tickets that merged ones were merged into, by number, and theirs in turn."""
    found: dict[str, Ticket] = {}
    wanted = {one.merged_into for one in tickets if one.merged_into is not None}
    while wanted:
        rows = await tx.rows(LOCK_NOS if locking else READ_NOS, bureau=tx.bureau, nos=list(wanted))
        read = await with_clocks(tx, await read_folds(tx, rows))
        found |= {ticket.no: ticket for ticket in read}
        wanted = {one.merged_into for one in read if one.merged_into is not None} - set(found)
    return found


async def read_folds(tx: Tx, rows: Sequence[Any]) -> list[Ticket]:
    """The folds of rows of `FOLD`; what an older release has torn is folded again from the log."""
    torn = [row.ticket_id for row in rows if row.torn is not None and row.torn <= FORM]
    logs = await list_entries(tx, torn) if torn else {}
    return [
        fold(row.ticket_id, logs[row.ticket_id]) if row.ticket_id in logs else load_ticket(row.fold)
        for row in rows
    ]


async def with_clocks(tx: Tx, tickets: Sequence[Ticket]) -> list[Ticket]:
    """The same tickets with their clocks, which lie in a table of their own."""
    ids = [ticket.ticket_id for ticket in tickets]
    rows = await tx.rows(CLOCKS_OF, bureau=tx.bureau, ids=ids)
    clocks: Mapping[int, tuple[Clock, ...]] = {
        row.ticket_id: load_clocks(row.clocks) for row in rows
    }
    return [replace(ticket, clocks=clocks.get(ticket.ticket_id, ())) for ticket in tickets]


async def list_entries(
    tx: Tx, ids: Collection[int], *, known_only: bool = False
) -> dict[int, list[Entry]]:
    """The whole logs of some tickets, each oldest first. Raises UnknownEvent.

    `known_only`: what a newer release has recorded is left out, for who looks for single entries.
    """
    rows: Sequence[Any] = await tx.rows(ENTRIES_OF, bureau=tx.bureau, ids=list(ids))
    entries: dict[int, list[Entry]] = {}
    for row in rows:
        if known_only and row.type not in BY_TYPE:
            continue
        entries.setdefault(row.ticket_id, []).append(load_entry(row))
    return entries
