"""Repeats: the platform's own word is written down here, and the rules look for more."""

from collections.abc import Sequence

from services.intake import queries
from services.intake.actions.desk import IntakeDesk
from services.intake.schemas.messages import TicketCreated
from shared.domain.ticket import Ticket
from shared.tickets import Ledger
from shared.tickets.gathering import gather_received
from shared.worker.deliveries import Delivery


async def await_root(desk: IntakeDesk, message: TicketCreated, ticket: Ticket) -> None:
    """Where the message names a root. Whether it has come already is looked at in its time."""
    number = message.data.repeat_of
    if message.data.is_repeat and number is not None and ticket.repeat_of is None:
        tx = desk.ledger.tx
        await tx.run(queries.AWAIT, bureau=tx.bureau, number=number, ticket=ticket.ticket_id)


async def gather_tickets(ledger: Ledger, batch: Sequence[Delivery]) -> None:
    """Handler of tickets that came in or have a further number."""
    await gather_received(ledger, {delivery.stream_id for delivery in batch})
