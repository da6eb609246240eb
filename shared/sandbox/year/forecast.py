"""What the scores must say of a plan: the rates of the year, counted from the calls alone.

This is a second, independent reading of the definitions, for tests and for whoever doubts: it
looks at the planned calls, never at the services' figures.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain.calendar import WorkCalendar
from shared.sandbox.year.limits import (
    REWORK_WORKDAYS,
    reply_due,
    workdays_allowed,
)
from shared.sandbox.year.steps import PlannedTicket, Step, YearPlan

YEAR = 2022
WEIGHTS = {"satisfied": 10, "mostly_satisfied": 8, "neutral": 6, "dissatisfied": 0}
LEVELS = {"bureau": 0, "district": 1, "city": 2}


@dataclass(slots=True)
class Ratio:
    num: int = 0
    den: int = 0

    def count(self, *, met: bool) -> None:
        self.den += 1
        self.num += met


@dataclass(slots=True)
class Forecast:
    """The year's figures as counted from the plan."""

    intake: int = 0
    first_contact_rate: Ratio = field(default_factory=Ratio)
    on_time_completion_rate: Ratio = field(default_factory=Ratio)
    timely_reply_rate: Ratio = field(default_factory=Ratio)
    actual_resolution_rate: Ratio = field(default_factory=Ratio)
    actual_resolution_rate_reasonable_only: Ratio = field(default_factory=Ratio)
    satisfaction_by_month: dict[int, Ratio] = field(default_factory=dict)


@dataclass(slots=True)
class _Round:
    """One round of a ticket: what was done in it and by when it had to be."""

    due: datetime
    report: Step | None = None
    replied_at: datetime | None = None
    completed_at: datetime | None = None
    official: Any = None
    level: int = -1


def forecast(plan: YearPlan, calendar: WorkCalendar) -> Forecast:
    result = Forecast()
    for ticket in plan.tickets:
        created = ticket.steps[0].body
        if datetime.fromisoformat(created["received_at"]).year == YEAR:
            result.intake += 1
        answers = created["need_reply"] and not created["is_anonymous"]
        for turn in _rounds(ticket, calendar):
            _count(result, turn, calendar, answers=answers)
    return result


def _rounds(ticket: PlannedTicket, calendar: WorkCalendar) -> Iterator[_Round]:
    turn = _Round(_first_due(ticket.steps[0].body, calendar))
    for step in ticket.steps:
        match step.name:
            case "feedback":
                turn.report = step
            case "reply":
                turn.replied_at = step.time
            case "complete":
                turn.completed_at = step.time
            case "follow-up" | "ticket.followed_up":
                _take(turn, step.body)
        reopens = step.name == "follow-up" and step.body.get("redo")
        if reopens or step.name == "ticket.rework":
            yield turn
            turn = _Round(calendar.end_of_workday_after(step.now, REWORK_WORKDAYS))
    yield turn


def _first_due(data: Any, calendar: WorkCalendar) -> datetime:
    if "upstream_due" in data:
        return datetime.fromisoformat(data["upstream_due"])
    workdays = workdays_allowed(
        data["appeal_type"],
        data["ticket_kind"],
        complex_approved=data.get("complex_approved", False),
    )
    dispatched = datetime.fromisoformat(data["dispatched_at"])
    return calendar.end_of_workday_after(dispatched, workdays)


def _take(turn: _Round, answers: Any) -> None:
    """The answer of the highest level reached stands, of one level the latest."""
    level = LEVELS[answers.get("level", "bureau")]
    if answers["reached"] == "yes" and level >= turn.level:
        turn.official, turn.level = answers, level


def _count(result: Forecast, turn: _Round, calendar: WorkCalendar, *, answers: bool) -> None:
    assert turn.completed_at
    assert turn.report
    if turn.due.year == YEAR:
        result.on_time_completion_rate.count(met=turn.completed_at <= turn.due)
    if answers:
        due = reply_due(calendar, turn.due, turn.report.time)
        if due.year == YEAR:
            met = turn.replied_at is not None and turn.replied_at <= due
            result.timely_reply_rate.count(met=met)
    if turn.completed_at.year == YEAR:
        _count_completed(result, turn)


def _count_completed(result: Forecast, turn: _Round) -> None:
    assert turn.completed_at
    assert turn.report
    report = turn.report.body
    valuation = report["case_valuation"]
    if valuation != "other":
        met = valuation == "resolved"
        result.actual_resolution_rate.count(met=met)
        true = report.get("fact_finding") in {"true", "partly_true"}
        if true and report["appeal_finding"] == "reasonable":
            result.actual_resolution_rate_reasonable_only.count(met=met)
    if turn.official is None:
        return
    if turn.official["first_contact"] != "unrated":
        result.first_contact_rate.count(met=turn.official["first_contact"] == "yes")
    month = result.satisfaction_by_month.setdefault(turn.completed_at.month, Ratio())
    month.num += WEIGHTS[turn.official["overall"]]
    month.den += 10
