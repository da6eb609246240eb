"""The supervision ladder (domain §6): which level a ticket reaches by itself, and when.

1, the desk: its light turns yellow. 2, the head of the section: a workday overdue, or the second
rework. 3, the head of the bureau: three workdays overdue, or repeated too often. The numbers are
the register's (`ladder.…`), as in force when the ticket was received.
"""

from collections.abc import Iterator
from datetime import datetime

from shared.domain.events import TicketEscalated
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName, EscalationCause

DESK_LEVEL, SECTION_LEVEL, BUREAU_LEVEL = 1, 2, 3
OVERDUE = {SECTION_LEVEL: "ladder.section.overdue", BUREAU_LEVEL: "ladder.bureau.overdue"}

Step = tuple[datetime, TicketEscalated]


def next_escalation(ticket: Ticket, rulebook: Rulebook) -> Step | None:
    """The next step up and when it falls, whoever has the ticket or nobody; None at the top."""
    if not ticket.is_open or ticket.supervision_level >= BUREAU_LEVEL:
        return None
    return min(_steps(ticket, rulebook), key=lambda step: (step[0], step[1].level), default=None)


def _steps(ticket: Ticket, rulebook: Rulebook) -> Iterator[Step]:
    level, limits = ticket.supervision_level, rulebook.limits_at(ticket.received_at)
    clock = ticket.clock(ClockName.COMPLETE)
    if clock is not None and clock.is_running and clock.due is not None:
        if level < DESK_LEVEL:
            yellow = max(clock.warn or clock.due, clock.start)
            yield yellow, TicketEscalated(DESK_LEVEL, EscalationCause.YELLOW)
        else:
            calendar = rulebook.calendar_at(clock.due)
            above = SECTION_LEVEL if level < SECTION_LEVEL else BUREAU_LEVEL
            days = limits.limit(OVERDUE[above]).amount
            late = calendar.same_time_workdays_after(clock.due, days)
            yield late, TicketEscalated(above, EscalationCause.OVERDUE)
    reworks = ticket.round - 1
    is_often = reworks >= limits.number("ladder.section.reworks")
    if is_often and level < SECTION_LEVEL and ticket.round_start is not None:
        yield ticket.round_start, TicketEscalated(SECTION_LEVEL, EscalationCause.REWORK)


def repeats_since(ticket: Ticket, rulebook: Rulebook) -> datetime:
    """From when on repeats of its root are counted."""
    span = rulebook.limits_at(ticket.received_at).limit("ladder.bureau.repeats_within").span
    return ticket.received_at - span


def repeats_step(ticket: Ticket, times: int, rulebook: Rulebook) -> TicketEscalated | None:
    """For a repeat that is the last of so many of its root."""
    enough = rulebook.limits_at(ticket.received_at).number("ladder.bureau.repeats")
    if not ticket.is_open or ticket.supervision_level >= BUREAU_LEVEL or times < enough:
        return None
    return TicketEscalated(BUREAU_LEVEL, EscalationCause.REPEATS)
