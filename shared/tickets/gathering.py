"""Repeats and clusters looked for and written down, at receipt and again at triage (domain §8)."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.actor import SYSTEM
from shared.domain.events import RepeatLinked, TicketEscalated
from shared.domain.gathering import NEW, Board, Join, Link, Move, Raise
from shared.domain.ladder import BUREAU_LEVEL
from shared.domain.repeats import RepeatLimits, Sighting
from shared.domain.ticket import Ticket
from shared.domain.words import EscalationCause
from shared.events.subscriptions import MATTERS
from shared.tickets import sightings
from shared.tickets.ledger import Ledger
from shared.tickets.loading import lock_free, lock_ids
from shared.tickets.matters import MatterBook, hold_matters

# A number means the ticket its own platform knows by it, else whichever ticket bears it.
CLAIMS = text(
    "SELECT DISTINCT ON (a.upstream_no, a.ticket_id) a.upstream_no, a.ticket_id AS repeat,"
    " n.ticket_id AS root FROM awaited_roots AS a"
    " JOIN tickets AS t ON t.bureau_id = a.bureau_id AND t.ticket_id = a.ticket_id"
    " JOIN ticket_upstream_nos AS n"
    "  ON n.bureau_id = a.bureau_id AND n.upstream_no = a.upstream_no"
    " WHERE a.bureau_id = :bureau AND (a.ticket_id = ANY(CAST(:ids AS bigint[]))"
    "  OR a.upstream_no IN (SELECT k.upstream_no FROM ticket_upstream_nos AS k"
    "   WHERE k.bureau_id = :bureau AND k.ticket_id = ANY(CAST(:ids AS bigint[]))))"
    " ORDER BY a.upstream_no, a.ticket_id, n.source = t.source DESC, n.source <> '' DESC"
)
LOOK_LATER = text(
    "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type)"
    " VALUES (:bureau, :ticket, :seq, :subscriber, 'ticket.triaged') ON CONFLICT DO NOTHING"
)
FORGET_CLAIMS = text(
    "DELETE FROM awaited_roots AS a"
    " USING unnest(CAST(:nos AS text[]), CAST(:ids AS bigint[])) AS k(upstream_no, ticket_id)"
    " WHERE a.bureau_id = :bureau AND a.upstream_no = k.upstream_no AND a.ticket_id = k.ticket_id"
)


async def gather_received(ledger: Ledger, ids: Collection[int]) -> None:
    """For tickets in nobody's hands. Done twice, the second time finds nothing new."""
    await hold_matters(ledger.tx)
    moves, claims = await plan_moves(ledger, ids)
    tickets = await lock_ids(ledger.tx, touched(moves))
    await make_moves(ledger, moves, tickets)
    await forget_claims(ledger.tx, claims)


async def gather_held(ledger: Ledger, ticket: Ticket) -> Ticket:
    """For a ticket in our hands, the matters held before it.

    Others are taken only where they are free, since waiting for them could cross with somebody who
    waits for ours. Where one is not, a worker does it all a moment later (`gather_later`).
    """
    await ledger.flush()
    moves, claims = await plan_moves(ledger, [ticket.ticket_id])
    wanted = touched(moves) - {ticket.ticket_id}
    tickets = await lock_free(ledger.tx, wanted)
    if wanted - set(tickets):
        await gather_later(ledger, ticket)
        return ticket
    tickets[ticket.ticket_id] = ticket
    await make_moves(ledger, moves, tickets)
    await forget_claims(ledger.tx, claims)
    return tickets[ticket.ticket_id]


async def gather_later(ledger: Ledger, ticket: Ticket) -> None:
    """A worker looks, once this transaction stands: it sees what this one wrote, and all others."""
    tx = ledger.tx
    await tx.run(
        LOOK_LATER, bureau=tx.bureau, ticket=ticket.ticket_id, seq=ticket.seq, subscriber=MATTERS
    )
    ledger.owes = True


async def plan_moves(ledger: Ledger, ids: Collection[int]) -> tuple[list[Move], Sequence[Any]]:
    """What is to be done, read while nobody else moves tickets between matters."""
    tx = ledger.tx
    by = RepeatLimits.of(ledger.rulebook.limits_at(ledger.now))
    subjects = await sightings.take_subjects(tx, ids)
    claims = await tx.rows(CLAIMS, bureau=tx.bureau, ids=sorted(ids))
    others, near = await sightings.find_near(tx, subjects.values(), by)
    named = {one for claim in claims for one in (claim.repeat, claim.root)}
    known = others | subjects
    known |= await sightings.find_by_id(tx, named - set(known))
    known = await with_followers(tx, known, subjects, near, {claim.repeat for claim in claims})
    known = await with_roots(tx, known)
    board = Board(by, known, near)
    return board.consider(subjects, [(claim.repeat, claim.root) for claim in claims]), claims


async def with_followers(
    tx: Tx,
    known: dict[int, Sighting],
    subjects: dict[int, Sighting],
    near: dict[int, list[int]],
    repeats: set[int],
) -> dict[int, Sighting]:
    """Of those that may turn out to be repeats themselves: their own go with them."""
    later = {
        other
        for subject, others in near.items()
        for other in others
        if known[other].age > subjects[subject].age
    }
    roots = {
        one
        for one in later | repeats | set(subjects)
        if known[one].root is None and known[one].matter is not None
    }
    return await sightings.find_followers(tx, roots) | known


async def with_roots(tx: Tx, known: dict[int, Sighting]) -> dict[int, Sighting]:
    """The ends of all chains, however they hang together."""
    while True:
        nos = {one.no for one in known.values()}
        missing = {one.root for one in known.values() if one.root is not None} - nos
        found = await sightings.find_by_no(tx, missing)
        if not found:
            return known
        known = found | known


def touched(moves: Sequence[Move]) -> set[int]:
    return {move.ticket for move in moves} | {move.root for move in moves if isinstance(move, Link)}


async def make_moves(ledger: Ledger, moves: Sequence[Move], tickets: dict[int, Ticket]) -> None:
    """Writes both logs; `tickets` holds them as they are, and then as they have become."""
    if not moves:
        return
    book = MatterBook(ledger)
    joins = [move for move in moves if isinstance(move, Join)]
    held = {one.matter for one in tickets.values() if one.matter is not None}
    await book.load(held | {move.matter for move in joins if not move.matter.startswith(NEW)})
    new: dict[str, str] = {}
    for move in moves:
        ticket = tickets[move.ticket]
        if isinstance(move, Link):
            tickets[move.ticket] = link(ledger, ticket, move, root=tickets[move.root].no)
        elif isinstance(move, Raise):
            tickets[move.ticket] = raise_level(ledger, ticket)
        else:
            if move.matter.startswith(NEW) and move.matter not in new:
                new[move.matter] = await book.open(
                    ticket, actor=SYSTEM, layer=move.layer, reason=move.reason
                )
            tickets[move.ticket] = book.attach(
                ticket,
                new.get(move.matter, move.matter),
                actor=SYSTEM,
                layer=move.layer,
                reason=move.reason,
                callers=move.callers,
                is_root=move.is_root,
            )
    await book.write()


def link(ledger: Ledger, ticket: Ticket, move: Link, *, root: str) -> Ticket:
    found = move.likeness
    event = RepeatLinked(
        root=root,
        layer=move.layer,
        reason=move.reason,
        days=found.days if found is not None else None,
        same_address=found.same_address if found is not None else False,
        metres=found.metres if found is not None else None,
    )
    return ledger.record(ticket, event, actor=SYSTEM)


def raise_level(ledger: Ledger, ticket: Ticket) -> Ticket:
    """So many callers are the leaders' business; no limit of its own, so no due moves."""
    if not ticket.is_open or ticket.supervision_level >= BUREAU_LEVEL:
        return ticket
    event = TicketEscalated(BUREAU_LEVEL, EscalationCause.CLUSTER)
    return ledger.record(ticket, event, actor=SYSTEM)


async def forget_claims(tx: Tx, claims: Sequence[Any]) -> None:
    if claims:
        await tx.run(
            FORGET_CLAIMS,
            bureau=tx.bureau,
            nos=[claim.upstream_no for claim in claims],
            ids=[claim.repeat for claim in claims],
        )
