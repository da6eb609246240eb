"""What was asked for on a ticket and decided, as answered."""

from typing import Any

from services.dispatch.attachments import attachment_answer
from services.dispatch.case import Texts
from services.dispatch.times import city_time
from shared.domain.parts import Appeal, Asked
from shared.domain.ticket import Ticket
from shared.domain.words import RequestState

SHOWN_UNITS = 3  # the last units that gave it back


def requests_answer(ticket: Ticket, texts: Texts) -> dict[str, Any]:
    """Every kind of request, under the names the ticket shows them by."""
    return {
        "return": return_answer(ticket, texts),
        "extension": extension_answer(ticket, texts),
        "void": void_answer(ticket, texts),
        "appeals": [appeal_answer(one, texts) for one in ticket.appeals],
        "exclusion": exclusion_answer(ticket, texts),
    }


def asked_answer(one: Asked, texts: Texts) -> dict[str, Any]:
    told = scored_answer(one, texts)
    return {"requested_at": told.pop("at"), "requested_by": told.pop("by"), **told}


def scored_answer(one: Asked, texts: Texts) -> dict[str, Any]:
    """What is asked of the figures says `at` and `by`, as all that is told of a ticket does."""
    decided = None if one.decided_seq is None else texts.get((one.decided_seq, "comment"))
    return {
        "state": one.state,
        "at": city_time(one.at),
        "by": one.by,
        "unit": one.unit,
        "reason": texts.get((one.seq, "reason")),
        "decided_at": city_time(one.decided_at),
        "decided_by": one.decided_by,
        "comment": decided,
    }


def return_answer(ticket: Ticket, texts: Texts) -> dict[str, Any] | None:
    """The latest 退单, how often units gave the ticket back, and how often it came back to one."""
    if not ticket.returns:
        return None
    one = ticket.returns[-1]
    granted = [
        each.asked.unit
        for each in ticket.returns
        if not each.upstream and each.asked.state is RequestState.GRANTED
    ]
    answer = asked_answer(one.asked, texts) | {
        "level": "upstream" if one.upstream else "unit",
        "reason_code": one.reason_code,
        "count": len(granted),
        "units": granted[-SHOWN_UNITS:],
        "bounces": ticket.bounces,
    }
    if one.upstream:
        return answer | {"suggested_owner": texts.get((one.asked.seq, "suggested_owner"))}
    return answer | {"suggested_unit": one.suggested_unit}


def extension_answer(ticket: Ticket, texts: Texts) -> dict[str, Any] | None:
    """`level`: who has to decide, or has decided."""
    one = ticket.extension
    if one is None:
        return None
    return asked_answer(one.asked, texts) | {
        "round": one.round,
        "level": "upstream" if one.passed_on else "bureau",
        "reason_code": one.reason_code,
        "days": one.days,
        "due": city_time(one.due),
    }


def void_answer(ticket: Ticket, texts: Texts) -> dict[str, Any] | None:
    return None if ticket.void is None else asked_answer(ticket.void, texts)


def appeal_answer(one: Appeal, texts: Texts) -> dict[str, Any]:
    """`evidence`: the files, then the lines of text."""
    said = [texts.get((one.asked.seq, f"evidence:{place}")) for place in range(one.statements)]
    return {
        "verdict": one.verdict,
        "round": one.round,
        **scored_answer(one.asked, texts),
        "evidence": [*map(attachment_answer, one.evidence), *said],
    }


def exclusion_answer(ticket: Ticket, texts: Texts) -> dict[str, Any] | None:
    """The latest; one that was refused may be asked for again."""
    one = ticket.exclusion
    return (
        None if one is None else {"reason_code": one.reason_code} | scored_answer(one.asked, texts)
    )
