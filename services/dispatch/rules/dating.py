"""When an action may say it happened (contract §4)."""

from datetime import datetime, timedelta

from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import Role


def earliest_at(ticket: Ticket, role: Role, *, now: datetime, rulebook: Rulebook) -> datetime:
    """Not before the ticket's receipt, and only so far back as the role may."""
    limits = rulebook.limits_at(now)
    if role is Role.UNIT:
        back = now - limits.limit("backdate.unit").span
    else:
        days = limits.limit("backdate.desk").amount
        back = rulebook.calendar_at(now).same_time_workdays_before(now, days)
    return max(back, ticket.received_at)


def needs_reason(role: Role, at: datetime, *, now: datetime) -> bool:
    """A desk or leader that dates an action back says why."""
    return role is not Role.UNIT and at < now - timedelta(minutes=1)
