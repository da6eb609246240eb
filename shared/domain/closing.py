"""How a round ends and the next begins: reply, completion, follow-up, rework."""

from dataclasses import replace

from shared.domain import events
from shared.domain.events import Entry
from shared.domain.parts import FollowUp, Reply, Upstream
from shared.domain.ticket import Ticket
from shared.domain.words import Reached, TicketState

MAX_UNREACHABLE = 3


def replied(ticket: Ticket, entry: Entry, event: events.TicketReplied) -> Ticket:
    reply = Reply(
        seq=entry.seq,
        at=entry.occurred_at,
        by=entry.actor.name,
        mode=event.mode,
        unit=event.unit,
        reply_satisfaction=event.reply_satisfaction,
    )
    return replace(ticket, state=TicketState.REPLIED, reply=reply)


def completed(ticket: Ticket, entry: Entry, event: events.TicketCompleted) -> Ticket:
    """One followed up beforehand need not be asked again (ruling 25: the state waited)."""
    done = replace(
        ticket,
        state=TicketState.COMPLETED,
        is_supervised=False,
        completed_at=entry.occurred_at,
        archive_at=event.archive_at,
    )
    return replace(done, state=_state_after_follow_up(done))


def followed_up(ticket: Ticket, entry: Entry, event: events.TicketFollowedUp) -> Ticket:
    follow_up = FollowUp(
        round=ticket.round,
        at=entry.occurred_at,
        level=event.level,
        reached=event.reached,
        first_contact=event.first_contact,
        overall=event.overall,
        attitude=event.attitude,
        solved=event.solved,
        redo=event.redo,
        known_at=entry.recorded_at,
    )
    after = replace(ticket, follow_ups=(*ticket.follow_ups, follow_up))
    return replace(after, state=_state_after_follow_up(after))


def _state_after_follow_up(ticket: Ticket) -> TicketState:
    """Unreachable waits for the third try; anything else ends the follow-up (ruling 25)."""
    if ticket.state is not TicketState.COMPLETED:
        return ticket.state
    of_round = [one for one in ticket.follow_ups if one.round == ticket.round]
    settled = any(one.reached is not Reached.UNREACHABLE for one in of_round)
    if settled or len(of_round) >= MAX_UNREACHABLE:
        return TicketState.FOLLOWED_UP
    return ticket.state


def rework_opened(ticket: Ticket, entry: Entry, event: events.ReworkOpened) -> Ticket:
    upstream = ticket.upstream
    if event.source is not None and event.upstream_no is not None:
        upstream = (*upstream, Upstream(event.source, event.upstream_no, entry.seq))
    return replace(
        ticket,
        state=TicketState.REWORK,
        round=event.round,
        upstream=upstream,
        own_reworks=ticket.own_reworks + event.own,
        is_upstream_rework=not event.own,
        round_start=entry.occurred_at,
        round_due=event.due,
        upstream_due=None,
        supervised_due=None,
        extended_due=None,
        lead=None,
        assists=(),
        feedback=None,
        reply=None,
        completed_at=None,
        archive_at=None,
        instruction=None,
        pauses=(),
    )
