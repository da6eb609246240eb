"""Time-driven work: warnings, misses and archiving, in due order, each at its own due time."""

import heapq
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text

from shared.domain.actor import SYSTEM
from shared.domain.events import ClockMissed, ClockWarned, Event, TicketArchived
from shared.domain.ticket import Ticket
from shared.tickets.ledger import Ledger
from shared.tickets.loading import lock_ids

BATCH = 500
DUE_ALARMS = text(
    "SELECT ticket_id, min(at) AS at FROM ("
    " SELECT ticket_id, alarm_at AS at FROM clocks"
    " WHERE bureau_id = :bureau AND alarm_at <= :until"
    " UNION ALL"
    " SELECT ticket_id, archive_at FROM tickets"
    " WHERE bureau_id = :bureau AND archive_at <= :until"
    ") AS alarms GROUP BY ticket_id ORDER BY min(at) LIMIT :batch"
)


async def run_alarms(ledger: Ledger, until: datetime, *, since: datetime | None = None) -> bool:
    """One batch of what fell due not after `until`; True when there may be more.

    `since` is where a jump of the sandbox's clock began: inside it an alarm is recorded at its own
    time. Otherwise it is recorded now.
    """
    rows = await ledger.tx.rows(DUE_ALARMS, bureau=ledger.tx.bureau, until=until, batch=BATCH)
    full = len(rows) == BATCH
    horizon = rows[-1].at if full else until
    tickets = await lock_ids(ledger.tx, [row.ticket_id for row in rows])
    heap = [
        (at, ticket_id)
        for ticket_id, ticket in tickets.items()
        if (at := next_at(ticket, horizon)) is not None
    ]
    heapq.heapify(heap)
    rang = bool(heap)
    while heap:
        at, ticket_id = heapq.heappop(heap)
        ticket = ring(ledger, tickets[ticket_id], at, since)
        tickets[ticket_id] = ticket
        again = next_at(ticket, horizon)
        if again is not None:
            heapq.heappush(heap, (again, ticket_id))
    return full and rang


def ring(ledger: Ledger, ticket: Ticket, at: datetime, since: datetime | None) -> Ticket:
    """Records the first alarm of the ticket, which falls at `at`."""
    event = next(event for due, event in alarms(ticket) if due == at)
    recorded_at = ledger.now if since is None else max(at, since)
    return ledger.record(ticket, event, actor=SYSTEM, occurred_at=at, recorded_at=recorded_at)


def next_at(ticket: Ticket, until: datetime) -> datetime | None:
    """When the ticket's next alarm falls, if not after `until`; a due itself is not yet a miss."""
    return min(
        (
            at
            for at, event in alarms(ticket)
            if at < until or (at == until and not isinstance(event, ClockMissed))
        ),
        default=None,
    )


def alarms(ticket: Ticket) -> Iterator[tuple[datetime, Event]]:
    """All alarms set on the ticket as it is: one per running clock, and its archiving."""
    for clock in ticket.clocks:
        at = clock.alarm_at
        if at is None or clock.due is None:
            continue
        kind = ClockMissed if clock.warned else ClockWarned
        yield at, kind(clock.name, clock.round, clock.ordinal, clock.due)
    if ticket.archive_due is not None:
        yield ticket.archive_due, TicketArchived()
