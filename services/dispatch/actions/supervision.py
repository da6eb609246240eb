"""Urging (催办) and supervision (督办)."""

from services.dispatch.actions.faults import fault, refuse
from services.dispatch.case import Case
from services.dispatch.schemas import Supervision, Urge
from shared.domain.clockwork import supervised_until
from shared.domain.events import TicketSupervised, TicketUrged

HIGHEST_LEVEL = 3


def urge(case: Case, body: Urge) -> None:
    """A reminder: changes no state and no clock."""
    case.record(TicketUrged(), text=body.text)


def check_supervision(case: Case, body: Supervision) -> None:
    if body.due is not None and body.due <= case.at:
        refuse([fault("/due", "DUE_PASSED")])
    if body.level is not None and body.level < case.ticket.supervision_level:
        refuse([fault("/level", "LEVEL_LOWER")])


def supervise(case: Case, body: Supervision) -> None:
    """One level up where none is named; the limit it adds applies where it is the earlier."""
    level = body.level or min(HIGHEST_LEVEL, case.ticket.supervision_level + 1)
    due = body.due or supervised_until(case.at, case.rulebook)
    case.record(TicketSupervised(level=level, due=due), text=body.text)
