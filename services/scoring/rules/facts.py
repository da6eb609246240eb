"""Facts: the log of a ticket, folded into one row per round. Pure; same log, same facts.

Dues and outcomes are read from the clocks that the entries carry, never computed again: what was
promised then is what counts, whatever the calendar says today.
"""

from collections.abc import Iterable
from datetime import datetime

from services.scoring.rules.fact import Fact
from services.scoring.rules.follow_ups import official_follow_up
from services.scoring.rules.rounds import STEPS, Round, Ticket, received
from shared.domain import events
from shared.domain.events import Entry
from shared.domain.words import ClockName, ClockOutcome


def fold_facts(ticket_id: int, entries: Iterable[Entry]) -> list[Fact]:
    """One fact per round as it now is, first to last; none before the ticket was received."""
    return [states[-1] for states in fold_states(ticket_id, entries)]


def fold_states(ticket_id: int, entries: Iterable[Entry]) -> list[list[Fact]]:
    """For each round every state its fact has had, oldest first.

    Entries may come in any order and twice. What lies beyond a gap in `seq` is not yet known.
    """
    ticket: Ticket | None = None
    rounds: list[list[Fact]] = []
    seq = 0
    known_from: datetime | None = None
    for entry in sorted(entries, key=_seq):
        if entry.seq == seq:
            continue
        if entry.seq != seq + 1:
            break
        seq = entry.seq
        if known_from is None or entry.recorded_at > known_from:
            known_from = entry.recorded_at
        after = _after(ticket, entry)
        if after is not None:
            ticket = after
            _take_states(rounds, ticket, ticket_id=ticket_id, seq=seq, known_from=known_from)
    return rounds


def _take_states(
    rounds: list[list[Fact]], ticket: Ticket, *, ticket_id: int, seq: int, known_from: datetime
) -> None:
    """A round's fact is a new state only where it differs from the last."""
    for place, one in enumerate(ticket.rounds):
        fact = _fact(ticket, one, ticket_id=ticket_id, seq=seq, known_from=known_from)
        if place == len(rounds):
            rounds.append([fact])
        elif rounds[place][-1] != fact:
            rounds[place].append(fact)


def _seq(entry: Entry) -> int:
    return entry.seq


def _after(ticket: Ticket | None, entry: Entry) -> Ticket | None:
    """None where the entry changes nothing that counts."""
    event = entry.event
    if ticket is None:
        if not isinstance(event, events.TicketReceived):
            raise TypeError(f"a log begins with ticket.received, not {event.type}")
        ticket = received(event)
    else:
        step = STEPS.get(type(event))
        if step is not None:
            step(ticket, entry, event)
        elif not entry.clocks and event.emergency is None:
            return None
    ticket.emergency = event.emergency or ticket.emergency
    for clock in entry.clocks:
        key = (clock.round, clock.name, clock.unit)
        known = ticket.clocks.get(key)
        if known is None or clock.ordinal >= known.ordinal:
            ticket.clocks[key] = clock
    return ticket


def _fact(ticket: Ticket, one: Round, *, ticket_id: int, seq: int, known_from: datetime) -> Fact:
    clocks = ticket.clocks
    contact = clocks.get((one.number, ClockName.FIRST_CONTACT, None))
    accept = clocks.get((one.number, ClockName.UNIT_ACCEPT, one.unit))
    if accept is not None and accept.outcome is ClockOutcome.CANCELLED:
        accept = None
    complete = clocks.get((one.number, ClockName.COMPLETE, None))
    reply = clocks.get((one.number, ClockName.REPLY, None))
    feedback = one.feedback
    answer = official_follow_up(one.follow_ups) if one.follow_ups else None
    return Fact(
        ticket_id=ticket_id,
        round=one.number,
        no=ticket.received.no,
        source=ticket.received.source,
        unit=one.unit,
        section=one.section,
        executor=one.executor,
        trade=one.trade,
        category=one.category,
        street=ticket.street,
        appeal_type=ticket.appeal_type,
        urgency=ticket.urgency,
        received_at=ticket.received.received_at,
        opened_at=one.opened_at,
        dispatched_at=one.dispatched_at,
        need_reply=ticket.need_reply,
        has_caller=ticket.has_phone or not ticket.is_anonymous,
        contact_due=contact.due if contact is not None else None,
        contact_outcome=contact.outcome if contact is not None else None,
        contacted_at=contact.stopped_at if contact is not None else None,
        accept_due=accept.due if accept is not None else None,
        accepted_at=one.accepted_at,
        complete_start=complete.start if complete is not None else None,
        complete_due=complete.due if complete is not None else None,
        completed_at=one.completed_at,
        reply_due=reply.due if reply is not None else None,
        replied_at=one.replied_at,
        case_valuation=feedback.case_valuation if feedback is not None else None,
        fact_finding=feedback.fact_finding if feedback is not None else None,
        appeal_finding=feedback.appeal_finding if feedback is not None else None,
        follow_up_level=answer.level if answer is not None else None,
        reached=answer.reached if answer is not None else None,
        rated_contact=answer.first_contact if answer is not None else None,
        overall=answer.overall if answer is not None else None,
        solved=answer.solved if answer is not None else None,
        repeat_of=ticket.repeat_of,
        returns=one.returns,
        wrong_returns=one.wrong_returns,
        extended=one.extended,
        reworked=one is not ticket.present,
        excluded_for=ticket.excluded_for,
        appeals=" ".join(sorted(one.appeals)),
        pending_appeals=one.pending_appeals,
        pending_exclusion=ticket.pending_exclusion,
        removed=ticket.removed,
        emergency=ticket.emergency,
        seq=seq,
        known_from=known_from,
    )
