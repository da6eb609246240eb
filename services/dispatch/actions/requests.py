"""What one asks for and another decides: return (退单), extension (延期), voiding (作废)."""

from datetime import datetime

from services.dispatch.actions.faults import conflict, fault, refuse
from services.dispatch.case import Case
from services.dispatch.schemas import (
    Decision,
    ExtensionBody,
    ReturnBody,
    UpstreamReturnBody,
    VoidBody,
)
from shared.domain.events import (
    ExtensionDecided,
    ExtensionRequested,
    ReturnDecided,
    ReturnRequested,
    ReturnUpstreamRequested,
    TicketVoided,
    VoidRefused,
    VoidRequested,
)
from shared.domain.limits import due_after
from shared.domain.words import ClockName


def check_return(case: Case, body: ReturnBody) -> None:
    if body.suggested_unit is not None and body.suggested_unit not in case.rulebook.units:
        refuse([fault("/suggested_unit", "UNKNOWN_UNIT")])


def return_ticket(case: Case, body: ReturnBody) -> None:
    """By the lead, soon after the dispatch. The clock runs on while it is pending."""
    lead = case.ticket.lead
    assert lead is not None
    check_window(case, "unit_return.window", since=lead.dispatched_at)
    event = ReturnRequested(lead.unit, body.reason_code, body.suggested_unit)
    case.record(event, reason=body.reason)


def decide_return(case: Case, body: Decision) -> None:
    case.record(ReturnDecided(body.granted), comment=body.comment)


def request_upstream_return(case: Case, body: UpstreamReturnBody) -> None:
    """Once, soon after receipt; the platform decides by a message of its own."""
    check_window(case, "return.window", since=case.ticket.clock_start)
    event = ReturnUpstreamRequested(body.reason_code)
    case.record(event, reason=body.reason, suggested_owner=body.suggested_owner)


def check_window(case: Case, limit: str, *, since: datetime, code: str = "RETURN_TOO_LATE") -> None:
    rulebook = case.rulebook
    window = rulebook.limits_at(since).limit(limit)
    closes = due_after(since, window, rulebook.calendar_at(since), rulebook.duty_at(since)).due
    if case.at > closes:
        raise conflict(code, latest=closes)


def check_extension(case: Case, body: ExtensionBody) -> None:
    most = case.rulebook.limits_at(case.at).limit("extension.days").amount
    if not 1 <= body.days <= most:
        refuse([fault("/days", "DAYS_OUT_OF_RANGE")])


def request_extension(case: Case, body: ExtensionBody) -> None:
    """Once a round, a working day before the due at the latest (ruling 9)."""
    ticket, rulebook = case.ticket, case.rulebook
    if ticket.extension is not None and ticket.extension.round == ticket.round:
        raise conflict("EXTENSION_USED")
    complete = ticket.clock(ClockName.COMPLETE)
    if complete is not None and complete.due is not None:
        days = rulebook.limits_at(case.at).limit("extension.before").amount
        calendar = rulebook.calendar_at(case.at)
        latest = calendar.same_time_workdays_before(complete.due, days)
        if case.at > latest:
            raise conflict("EXTENSION_TOO_LATE", latest=latest)
    event = ExtensionRequested(body.reason_code, body.days, case.actor.unit)
    case.record(event, reason=body.reason)


def decide_extension(case: Case, body: Decision) -> None:
    """Granted, it goes on to the platform, and no clock moves yet; refused, it ends here."""
    case.record(ExtensionDecided(body.granted), comment=body.comment)


def void(case: Case, body: VoidBody) -> None:
    case.record(VoidRequested(), reason=body.reason)


def confirm_void(case: Case, body: Decision) -> None:
    event = TicketVoided() if body.granted else VoidRefused()
    case.record(event, comment=body.comment)
