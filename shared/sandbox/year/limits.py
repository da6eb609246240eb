"""The legal limits a plan must keep, computed from the calendar as the domain defines them."""

from datetime import datetime, timedelta

from shared.domain.calendar import WorkCalendar

ONE_WORKDAY_TYPES = frozenset({"consult", "suggestion"})
SPECIAL_KINDS = frozenset({"supervised", "rework"})
DESK_LIMIT = timedelta(hours=2)
MINUTES_TO_ACCEPT = {"urgent": timedelta(minutes=15), "sub_urgent": timedelta(minutes=30)}
HOURS_TO_CONTACT = {"urgent": timedelta(hours=1), "sub_urgent": timedelta(hours=2)}
REWORK_WORKDAYS = 3
FOLLOW_UP_WORKDAYS = 2


def workdays_allowed(appeal_type: str, ticket_kind: str, *, complex_approved: bool) -> int:
    if complex_approved:
        return 15
    if ticket_kind in SPECIAL_KINDS:
        return 3
    return 1 if appeal_type in ONE_WORKDAY_TYPES else 5


def unit_due(calendar: WorkCalendar, start: datetime, due: datetime, *, workdays: int) -> datetime:
    """When the lead must have reported: a workday before, or three quarters of a short limit."""
    if workdays <= 1:
        return due - (due - start) / 4
    return calendar.same_time_workdays_before(due, 1)


def reply_due(calendar: WorkCalendar, due: datetime, feedback_at: datetime) -> datetime:
    return min(due, calendar.end_of_workday_after(feedback_at, 1))


def desk_due(calendar: WorkCalendar, start: datetime, urgency: str) -> datetime:
    """When the desk must have triaged; urgent minutes are planned inside duty hours only."""
    if urgency in MINUTES_TO_ACCEPT:
        return start + MINUTES_TO_ACCEPT[urgency]
    return calendar.add_working_time(start, DESK_LIMIT)


def contact_due(calendar: WorkCalendar, start: datetime, urgency: str) -> datetime:
    if urgency in HOURS_TO_CONTACT:
        return start + HOURS_TO_CONTACT[urgency]
    return calendar.end_of_workday_after(start, 1)
