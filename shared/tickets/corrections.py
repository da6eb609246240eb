"""Correcting clocks after a calendar or a limit: looked at first, then recorded as events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from shared.db import Tx
from shared.domain.actor import SYSTEM
from shared.domain.corrections import Correction, corrections
from shared.domain.events import ClocksCorrected
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.tickets.hotline import Hotline
from shared.tickets.loading import find_tickets, lock_ids

BATCH = 500
# Nothing set or due before the first difference can be touched by it.
IDS = text(
    "SELECT DISTINCT ticket_id FROM clocks WHERE bureau_id = :bureau AND ticket_id > :after"
    " AND due_at >= :since AND coalesce(outcome, 'met') IN ('met', 'late', 'unreached')"
    " ORDER BY ticket_id LIMIT :batch"
)


@dataclass(frozen=True, slots=True)
class Corrected:
    """`before` and `after` are the verdicts at that time (contract §6)."""

    no: str
    correction: Correction
    before: str
    after: str


Planned = Callable[[Rulebook], Rulebook]


async def find_corrections(
    hotline: Hotline, bureau: int, planned: Planned, *, since: datetime
) -> list[Corrected]:
    """What the rulebook would change once it is as `planned`. Changes nothing."""
    found: list[Corrected] = []
    after = 0
    while True:
        async with hotline.ledger(bureau, writing=False) as ledger:
            ids = await _list_ids(ledger.tx, after, since)
            if not ids:
                return found
            tickets = await find_tickets(ledger.tx, ids)
            rulebook = planned(ledger.rulebook)
            for ticket_id in ids:
                changes = corrections(tickets[ticket_id], rulebook, at=ledger.now)
                found += _told(tickets[ticket_id], changes, ledger.now)
        after = ids[-1]


async def apply_corrections(hotline: Hotline, bureau: int, *, since: datetime) -> list[Corrected]:
    """The same, recorded: one event per ticket. Cut short, it goes on when called again."""
    found: list[Corrected] = []
    after = 0
    while True:
        async with hotline.ledger(bureau) as ledger:
            ids = await _list_ids(ledger.tx, after, since)
            if not ids:
                return found
            for ticket in (await lock_ids(ledger.tx, ids)).values():
                changes = corrections(ticket, ledger.rulebook, at=ledger.now)
                if not changes:
                    continue
                event = ClocksCorrected(
                    calendar=ledger.rulebook.calendar_at(ledger.now).version,
                    limits=ledger.rulebook.limits_at(ticket.clock_start).version,
                )
                ledger.record(ticket, event, actor=SYSTEM)
                found += _told(ticket, changes, ledger.now)
        after = ids[-1]


async def _list_ids(tx: Tx, after: int, since: datetime) -> list[int]:
    rows = await tx.rows(IDS, bureau=tx.bureau, after=after, since=since, batch=BATCH)
    return [row.ticket_id for row in rows]


def _told(ticket: Ticket, changes: tuple[Correction, ...], now: datetime) -> list[Corrected]:
    return [
        Corrected(ticket.no, one, one.before.state(now), one.after.state(now)) for one in changes
    ]
