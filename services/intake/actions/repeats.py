"""The platform's own word on repeats: the chain links to its root, all are on one matter."""

from collections.abc import Sequence

from services.intake import queries
from services.intake.actions.desk import IntakeDesk, source_actor
from services.intake.schemas.messages import TicketCreated
from shared.domain.actor import SYSTEM, Actor
from shared.domain.events import MatterJoined, RepeatLinked
from shared.domain.ticket import Ticket
from shared.tickets import lock_ids, lock_no

LAYER = 1
REASON = "upstream_word"


async def link_repeat(
    desk: IntakeDesk, source: str, message: TicketCreated, ticket: Ticket
) -> Ticket:
    """Where the message says so. A root that has not come yet is awaited."""
    number = message.data.repeat_of
    if not message.data.is_repeat or number is None or ticket.repeat_of is not None:
        return ticket
    named = desk.find(source, number) or desk.find_any([number])
    if named is None:
        tx = desk.ledger.tx
        values = {"bureau": tx.bureau, "number": number, "ticket": ticket.ticket_id}
        await tx.run(queries.AWAIT, **values)
        return ticket
    if named.ticket_id == ticket.ticket_id:
        return ticket
    return await link(desk, ticket, named, actor=source_actor(source))


async def link_awaited(desk: IntakeDesk, numbers: Sequence[str]) -> None:
    """Repeats that came before the ticket they repeat."""
    tx = desk.ledger.tx
    for row in await tx.rows(queries.AWAITED, bureau=tx.bureau, numbers=list(numbers)):
        root = desk.find_any([row.upstream_no])
        if row.ticket_id not in desk.tickets:
            desk.tickets |= await lock_ids(tx, [row.ticket_id])
        repeat = desk.tickets.get(row.ticket_id)
        if root is not None and repeat is not None and repeat.repeat_of is None:
            await link(desk, repeat, root, actor=SYSTEM)


async def link(desk: IntakeDesk, ticket: Ticket, named: Ticket, *, actor: Actor) -> Ticket:
    root = await root_of(desk, named)
    if root.ticket_id == ticket.ticket_id:  # two tickets that name each other
        return ticket
    for follower in await followers_of(desk, ticket):
        await link(desk, follower, root, actor=actor)
    root = desk.tickets[root.ticket_id]
    if root.matter is None:
        tx = desk.ledger.tx
        values = {"bureau": tx.bureau, "root": root.ticket_id, "now": tx.now}
        row = await tx.row(queries.OPEN_MATTER, **values)
        assert row is not None
        root = desk.keep(desk.ledger.record(root, MatterJoined(row.matter), actor=actor))
    assert root.matter is not None
    linked = RepeatLinked(root=root.no, layer=LAYER, reason=REASON)
    after = desk.ledger.record(ticket, linked, actor=actor)
    if after.matter != root.matter:
        after = desk.ledger.record(after, MatterJoined(root.matter), actor=actor)
    return desk.keep(after)


async def followers_of(desk: IntakeDesk, ticket: Ticket) -> list[Ticket]:
    """Those that repeat this one: what it is found to repeat, they repeat too."""
    if ticket.matter is None:
        return []
    tx = desk.ledger.tx
    rows = await tx.rows(queries.MATTER_MEMBERS, bureau=tx.bureau, matter=ticket.matter)
    desk.tickets |= await lock_ids(
        tx, {row.ticket_id for row in rows} - set(desk.tickets) - {ticket.ticket_id}
    )
    return [one for one in desk.tickets.values() if one.repeat_of == ticket.no]


async def root_of(desk: IntakeDesk, ticket: Ticket) -> Ticket:
    """The first of the chain, locked as the others are."""
    if ticket.repeat_of is None:
        return ticket
    known = next((one for one in desk.tickets.values() if one.no == ticket.repeat_of), None)
    root = known or await lock_no(desk.ledger.tx, ticket.repeat_of)
    assert root is not None
    return desk.keep(root)
