"""What each limit of one ticket is at one event: start, due and the rule that gave it."""

from datetime import datetime

from shared.domain.calendar import WorkCalendar
from shared.domain.emergency import MARK
from shared.domain.limits import due_after, parse_limit, reply_due
from shared.domain.pauses import due_with_pauses
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import TicketKind, Urgency


class Dues:
    """Nothing here changes a clock; `at` is when the event happened."""

    def __init__(self, ticket: Ticket, rulebook: Rulebook, at: datetime) -> None:
        self.ticket = ticket
        self.rulebook = rulebook
        self.at = at

    @property
    def calendar(self) -> WorkCalendar:
        """What is known of the days now, whenever a clock began: holidays are no rule but facts."""
        return self.rulebook.calendar_at(self.at)

    def limited(self, name: str, start: datetime) -> tuple[datetime, datetime, str]:
        """Start, due and rule of a clock under the limit `name`."""
        rules, calendar = self.rulebook, self.calendar
        normal, duty = rules.limits_at(start).limit(name), rules.duty_at(start)
        began, due = due_after(start, normal, calendar, duty)
        rule = f"{name}={normal}"
        for plan in rules.emergencies_of(self.ticket) if self.ticket.emergencies else ():
            # In force at the start, or declared before the clock began to run (ruling 5).
            if plan.since <= began and start < plan.end and plan.changes(name, normal):
                limit, since = plan.limit(name, normal), max(start, plan.since)
                window = plan.window(duty)
                began, due = due_after(since, limit, calendar, window)
                rule = f"{name}={limit}{MARK}"
        return began, due, rule

    def accept_limit(self, who: str) -> str:
        """desk or unit: urgent and sub-urgent tickets share one limit for both."""
        urgency = self.ticket.urgency
        return f"accept.{who}" if urgency is Urgency.NORMAL else f"accept.{urgency}"

    def report_due(self, start: datetime) -> tuple[datetime, str]:
        name = f"interim_report.{self.ticket.urgency}"
        limit, mark = self.rulebook.limits_at(start).limit(name), ""
        for plan in self.rulebook.emergencies_of(self.ticket):
            if plan.is_active(start) and name in plan.limits:
                limit, mark = plan.limit(name, limit), MARK
        return start + limit.span, f"{name}={limit}{mark}"

    def complete_limit(self) -> str:
        ticket = self.ticket
        if ticket.round > 1 or ticket.ticket_kind is TicketKind.REWORK:
            return "limit.rework"
        if ticket.ticket_kind is TicketKind.SUPERVISED:
            return "limit.supervised"
        if ticket.complex_approved:
            return "limit.complex"
        return f"limit.{ticket.appeal_type}"

    def complete_due(self) -> tuple[datetime, datetime | None, str]:
        """Start, due and rule of `complete`: a given due wins, a 督办 may be earlier.

        Pauses move what follows a limit of ours, never a due that was given.
        """
        ticket = self.ticket
        start = ticket.round_start if ticket.round > 1 else ticket.clock_start
        assert start is not None
        given = (
            (ticket.extended_due, "extension"),
            (ticket.round_due if ticket.round > 1 else ticket.upstream_due, "upstream_due"),
        )
        due, rule = next((pair for pair in given if pair[0] is not None), (None, ""))
        if due is None:
            start, computed, rule = self.limited(self.complete_limit(), start)
            unit = parse_limit(rule.rpartition("=")[2].removesuffix(MARK)).unit
            due = due_with_pauses(start, computed, ticket.pauses, unit, self.calendar)
        earlier = ((ticket.absorbed_due, "merged"), (ticket.supervised_due, "supervised"))
        for other, name in earlier:
            if other is not None and (due is None or other < due):
                due, rule = other, name
        return start, due, rule

    def reply_dues(self, complete_due: datetime | None) -> datetime | None:
        if complete_due is None:
            return None
        feedback = self.ticket.feedback
        at = feedback.at if feedback is not None else None
        return reply_due(complete_due, at, self.rulebook.calendar_at(at or self.at))
