"""What was asked for on a ticket and decided, as answered."""

from typing import Any

from services.dispatch.case import Texts
from services.dispatch.times import city_time
from shared.domain.parts import Asked
from shared.domain.ticket import Ticket
from shared.domain.words import RequestState

SHOWN_UNITS = 3  # the last units that gave it back


def asked_answer(one: Asked, texts: Texts) -> dict[str, Any]:
    decided = None if one.decided_seq is None else texts.get((one.decided_seq, "comment"))
    return {
        "state": one.state,
        "requested_at": city_time(one.at),
        "requested_by": one.by,
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
