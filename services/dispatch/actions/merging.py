"""Merging (并单): one matter handled once, under one number."""

from services.dispatch.actions.faults import conflict, fault, refuse
from services.dispatch.case import Case
from services.dispatch.schemas import Merge
from shared.domain.events import TicketAbsorbed, TicketMerged
from shared.domain.words import ClockName
from shared.tickets.matters import join_matter


def check_merge(case: Case, body: Merge) -> None:
    if body.into not in case.others:
        refuse([fault("/into", "UNKNOWN_TICKET")])


async def share_matter(case: Case, body: Merge) -> None:
    """Both are on one matter, the master's where it has one (ruling 22)."""
    master = case.ledger.tickets[case.others[body.into].ticket_id]
    case.ticket, _ = await join_matter(
        case.ledger, case.ticket, master, actor=case.actor, reason="merged"
    )


def merge(case: Case, body: Merge) -> None:
    """The master must be open, of the same trade and not this one; the earlier due is its due."""
    ticket, master = case.ticket, case.others[body.into]
    if master.ticket_id == ticket.ticket_id:
        raise conflict("MERGE_INTO_ITSELF")
    if not master.is_open:
        raise conflict("MASTER_NOT_OPEN")
    if master.trade is not ticket.trade:
        raise conflict("MASTER_OF_OTHER_TRADE")
    complete = ticket.clock(ClockName.COMPLETE)
    due = complete.due if complete is not None and complete.is_running else None
    case.record(TicketMerged(master.no))
    case.record_on(master, TicketAbsorbed(ticket.no, due))
