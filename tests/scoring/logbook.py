"""Histories written through the one door, a slice at a time, and the log read back as it lies."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import text

from shared.domain.actor import SYSTEM
from shared.domain.events import ClockMissed, ClockWarned, Event, TicketReceived
from shared.domain.ticket import Ticket
from shared.tickets import Hotline, Ledger, lock_ids
from tests.scoring.courses.teller import END, Step
from tests.scoring.oracle.retelling import RawEntry

BUREAU = 1
CHUNK = 100
NEW_IDS = text("SELECT nextval('ticket_ids') AS ticket_id FROM generate_series(1, :many)")
READ_LOG = text(
    "SELECT ticket_id, seq, type, occurred_at, recorded_at, data::text AS data,"
    " clocks::text AS clocks FROM ticket_events WHERE bureau_id = :bureau ORDER BY ticket_id, seq"
)


@dataclass
class Written:
    """One ticket on its way into the log. `left`: what has not been written yet."""

    ticket_id: int
    left: list[Step]
    recorded_at: datetime

    def take(self, many: int) -> list[Step]:
        taken, self.left = self.left[:many], self.left[many:]
        return taken


async def begin(hotline: Hotline, histories: Sequence[Sequence[Step]]) -> list[Written]:
    async with hotline.ledger(BUREAU) as ledger:
        rows = await ledger.tx.rows(NEW_IDS, many=len(histories))
    return [
        Written(row.ticket_id, list(steps), steps[0].recorded_at)
        for row, steps in zip(rows, histories, strict=True)
    ]


async def write_slice(
    hotline: Hotline, written: Sequence[Written], random: Random, *, is_last: bool = False
) -> None:
    """Of each ticket the next few steps, or all that are left; some transactions in all."""
    for start in range(0, len(written), CHUNK):
        some = written[start : start + CHUNK]
        async with hotline.ledger(BUREAU) as ledger:
            tickets = await lock_ids(ledger.tx, [one.ticket_id for one in some])
            for one in some:
                many = len(one.left) if is_last else random.randrange(len(one.left) + 1)
                write(ledger, one, one.take(many), tickets.get(one.ticket_id))


def write(ledger: Ledger, one: Written, steps: Sequence[Step], ticket: Ticket | None) -> None:
    """Each recorded when its history says; a deadline that has passed is noted at its time."""
    for step in steps:
        if ticket is not None:
            ticket = note_time(ledger, one, ticket, step.recorded_at)
        one.recorded_at = step.recorded_at
        ledger.tx = replace(ledger.tx, now=step.recorded_at)
        given: dict[str, Any] = {"actor": step.by, "occurred_at": step.occurred_at}
        if ticket is not None:
            ticket = ledger.record(ticket, step.event, **given)
        elif isinstance(step.event, TicketReceived):
            ticket = ledger.open(one.ticket_id, step.event, **given, texts={})
    if not one.left and ticket is not None and ticket.ticket_id % 3 == 0:
        note_time(ledger, one, ticket, END)


def note_time(ledger: Ledger, one: Written, ticket: Ticket, until: datetime) -> Ticket:
    """What time alone brings: a warning, of which scoring never hears, and a missed deadline."""
    for clock in ticket.clocks:
        if clock.warn is None or clock.due is None or not clock.is_running or clock.missed:
            continue
        key = (clock.name, clock.round, clock.ordinal, clock.due)
        if not clock.warned and clock.warn < until:
            ticket = note(ledger, one, ticket, ClockWarned(*key), clock.warn)
        if clock.due < until:
            ticket = note(ledger, one, ticket, ClockMissed(*key), clock.due)
    return ticket


def note(ledger: Ledger, one: Written, ticket: Ticket, event: Event, at: datetime) -> Ticket:
    one.recorded_at = max(one.recorded_at, at)
    ledger.tx = replace(ledger.tx, now=one.recorded_at)
    return ledger.record(ticket, event, actor=SYSTEM, occurred_at=at)


async def read_logs(hotline: Hotline) -> dict[int, list[RawEntry]]:
    """Every ticket's entries as plain dicts."""
    logs: dict[int, list[RawEntry]] = {}
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        for row in await tx.rows(READ_LOG, bureau=BUREAU):
            entry = {
                **{name: getattr(row, name) for name in ("seq", "type")},
                **{name: getattr(row, name) for name in ("occurred_at", "recorded_at")},
                "data": json.loads(row.data),
                "clocks": json.loads(row.clocks) if row.clocks else [],
            }
            logs.setdefault(row.ticket_id, []).append(entry)
    return logs
