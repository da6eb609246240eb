"""Time-driven work: warnings, misses, the ladder, archiving; in due order, at its own due time."""

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from shared.domain.actor import SYSTEM
from shared.domain.events import ClockMissed, ClockWarned, Event, TicketArchived
from shared.domain.ladder import next_escalation
from shared.domain.notices import NoticeKind
from shared.domain.rulebook import Rulebook
from shared.domain.telling import emergency_notices
from shared.domain.ticket import Ticket
from shared.tickets.emergency import end_plan
from shared.tickets.ledger import Ledger
from shared.tickets.loading import lock_ids

BATCH = 500
# A due that is only now reached is not yet a miss: it must not fill a batch with nothing to do.
DUE_ALARMS = text(
    "SELECT ticket_id, min(at) AS at FROM ("
    " SELECT ticket_id, alarm_at AS at FROM clocks"
    " WHERE bureau_id = :bureau AND alarm_at <= :until AND (alarm_at < :until OR NOT warned)"
    " UNION ALL"
    " SELECT ticket_id, archive_at FROM tickets"
    " WHERE bureau_id = :bureau AND archive_at <= :until"
    " UNION ALL"
    " SELECT ticket_id, escalate_at FROM tickets"
    " WHERE bureau_id = :bureau AND escalate_at <= :until"
    ") AS alarms GROUP BY ticket_id ORDER BY min(at) LIMIT :batch"
)


async def run_alarms(ledger: Ledger, until: datetime, *, since: datetime | None = None) -> bool:
    """One batch of what fell due not after `until`, the oldest first; True when there may be more.

    `since` is where a jump of the sandbox's clock began: inside it an alarm is recorded at its own
    time. Otherwise it is recorded now.
    """
    rows = await ledger.tx.rows(DUE_ALARMS, bureau=ledger.tx.bureau, until=until, batch=BATCH)
    full = len(rows) == BATCH
    horizon = rows[-1].at if full else until
    await expire_plans(ledger, horizon, since=since)
    tickets = await lock_ids(ledger.tx, [row.ticket_id for row in rows])
    heap = []
    for ticket_id, ticket in tickets.items():
        at = next_at(ticket, ledger.rulebook, horizon=horizon, until=until)
        if at is None:
            ledger.refresh(ticket)  # its row told of an alarm that is not set any more
        else:
            heap.append((at, ticket_id))
    heapq.heapify(heap)
    while heap:
        at, ticket_id = heapq.heappop(heap)
        ticket = ring(ledger, tickets[ticket_id], at, since)
        tickets[ticket_id] = ticket
        again = next_at(ticket, ledger.rulebook, horizon=horizon, until=until)
        if again is not None:
            heapq.heappush(heap, (again, ticket_id))
    return full


def ring(ledger: Ledger, ticket: Ticket, at: datetime, since: datetime | None) -> Ticket:
    """Records the first alarm of the ticket, which falls at `at`."""
    event = next(event for due, event in alarms(ticket, ledger.rulebook) if due == at)
    recorded_at = _recorded_at(ledger, at, since)
    return ledger.record(ticket, event, actor=SYSTEM, occurred_at=at, recorded_at=recorded_at)


def next_at(
    ticket: Ticket, rulebook: Rulebook, *, horizon: datetime, until: datetime
) -> datetime | None:
    """When the ticket's next alarm falls, if not after the horizon of this batch.

    A due itself is not yet a miss: at `until` nobody is late.
    """
    return min(
        (
            at
            for at, event in alarms(ticket, rulebook)
            if at <= horizon and (at < until or not isinstance(event, ClockMissed))
        ),
        default=None,
    )


def alarms(ticket: Ticket, rulebook: Rulebook) -> Iterator[tuple[datetime, Event]]:
    """All alarms set on the ticket as it is: one per running clock, its next level, its archive."""
    for clock in ticket.clocks:
        at = clock.alarm_at
        if at is None or clock.due is None:
            continue
        kind = ClockMissed if clock.warned else ClockWarned
        yield at, kind(clock.name, clock.round, clock.ordinal, clock.due)
    step = next_escalation(ticket, rulebook)
    if step is not None:
        yield step
    if ticket.archive_due is not None:
        yield ticket.archive_due, TicketArchived()


async def expire_plans(ledger: Ledger, until: datetime, *, since: datetime | None) -> None:
    """Emergency plans end by themselves. Clocks know their end anyway; this is for the record."""
    for plan in ledger.rulebook.emergencies:
        if plan.ended_at is not None or plan.until > until:
            continue
        at = _recorded_at(ledger, plan.until, since)
        ended = replace(plan, ended_at=plan.until)
        ledger.rulebook = ledger.rulebook.with_plan(ended)
        if await end_plan(ledger.tx, plan, "expired", actor=SYSTEM, at=plan.until, recorded_at=at):
            told = emergency_notices(
                ended, NoticeKind.EMERGENCY_ENDED, rulebook=ledger.rulebook, at=at
            )
            ledger.tell(plan.id, 2, told, at=at)


def _recorded_at(ledger: Ledger, at: datetime, since: datetime | None) -> datetime:
    return ledger.now if since is None else max(at, since)
