"""How often a matter has come again: what raises a repeat to the head of the bureau."""

from sqlalchemy import text

from shared.db import Tx
from shared.domain.ladder import repeats_since
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket

COUNT_REPEATS = text(
    "SELECT count(*) FROM tickets WHERE bureau_id = :bureau AND matter = :matter"
    " AND fold->>'repeat_of' = :root AND received_at > :since AND received_at <= :until"
)


async def count_repeats(tx: Tx, ticket: Ticket, rulebook: Rulebook) -> int:
    """Repeats of its root received in the thirty days up to its own receipt, itself included."""
    found = await tx.run(
        COUNT_REPEATS,
        bureau=tx.bureau,
        matter=ticket.matter,
        root=ticket.repeat_of,
        since=repeats_since(ticket, rulebook),
        until=ticket.received_at,
    )
    return int(found.scalar_one())
