"""Triage (收单分类), dispatch (派单) and acceptance (接单)."""

from services.dispatch.actions.faults import fault, refuse
from services.dispatch.case import Case
from services.dispatch.rules.routing import routing_faults
from services.dispatch.schemas import Acceptance, Dispatch, Triage
from shared.domain.events import AssistAccepted, TicketAccepted, TicketDispatched, TicketTriaged
from shared.domain.official import load_categories
from shared.domain.words import TicketState
from shared.tickets.gathering import gather_held, gather_later


def check_triage(case: Case, body: Triage) -> None:
    trade = load_categories().get(body.category)
    if trade is None:
        refuse([fault("/category", "UNKNOWN_CATEGORY")])
    if trade is not body.trade:
        refuse([fault("/category", "OTHER_CATEGORY")])


def triage(case: Case, body: Triage) -> None:
    case.record(
        TicketTriaged(
            trade=body.trade,
            category=body.category,
            urgency=body.urgency,
            std_kind=body.std_kind,
            std_code=body.std_code,
        )
    )


async def gather(case: Case, body: Triage) -> None:
    """What does the ticket repeat, now that its category is known? (ruling 26)

    One whose category stands as it came, with no later word from a platform, was looked at then.
    Nobody at the desk waits for another's triage: where that has the matters, a worker looks.
    """
    if case.before.category == body.category and len(case.before.ranks) <= 1:
        return
    if case.holds_matters:
        case.ticket = await gather_held(case.ledger, case.ticket)
    else:
        await gather_later(case.ledger, case.ticket)


def check_dispatch(case: Case, body: Dispatch) -> None:
    if case.ticket.state is TicketState.TRIAGED and case.ticket.trade is None:
        refuse([fault("/lead", "NOT_TRIAGED")])
    refuse(routing_faults(case.ticket, body.lead, body.assists, case.rulebook.units))


def dispatch(case: Case, body: Dispatch) -> None:
    """To exactly one lead (主办) and its assists (协办)."""
    event = TicketDispatched(lead=body.lead, assists=tuple(body.assists))
    case.record(event, instruction=body.instruction)


def accept(case: Case, body: Acceptance) -> None:
    """A unit takes the ticket and names who answers for it.

    Both are typed by hand and go into facts and files: never a word of the caller's own.
    """
    unit = case.actor.unit
    assert unit is not None
    kind = TicketAccepted if case.is_lead else AssistAccepted
    executor, section = case.clean(body.executor) or "", case.clean(body.section)
    case.record(kind(unit=unit, executor=executor, section=section))
