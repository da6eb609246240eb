"""A ticket taken through its main path in one transaction, for tests of what comes after."""

from datetime import timedelta

from shared.domain import events
from shared.domain.ticket import Ticket
from shared.domain.words import CaseValuation, ReplyMode, SiteCheck, TicketState, Trade
from shared.tickets import Ledger
from tests.factories import CITY

UNIT = "sanitation-section"


def complete(ledger: Ledger, ticket: Ticket) -> Ticket:
    path: tuple[events.Event, ...] = (
        events.TicketTriaged(Trade.SANITATION, "S-05"),
        events.TicketDispatched(UNIT),
        events.TicketAccepted(UNIT, "李工"),
        events.TicketDisposed(UNIT, by_lead=True, site_check=SiteCheck.YES),
        events.FeedbackSubmitted(UNIT, CaseValuation.RESOLVED),
        events.TicketReplied(ReplyMode.PHONE),
        events.TicketCompleted(archive_at=ledger.now + timedelta(days=30)),
    )
    for event in path:
        ticket = ledger.record(ticket, event, actor=CITY)
    assert ticket.state is TicketState.COMPLETED
    return ticket
