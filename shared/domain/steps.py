"""How each kind of entry changes a ticket. Pure; states are checked by the fold."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from shared.domain import appeals, closing, events, requests
from shared.domain.events import Entry
from shared.domain.parts import (
    Assist,
    Contact,
    Feedback,
    Lead,
    Led,
    Ranked,
    SiteVisit,
    Upstream,
    Work,
)
from shared.domain.pauses import Pause, is_paused
from shared.domain.ticket import Ticket
from shared.domain.upstream import FIELD_TYPES
from shared.domain.words import AssistState, RequestState, TicketState

ENDS_PAUSE = (
    events.ClocksResumed,
    events.FeedbackSubmitted,
    events.TicketReplied,
    events.TicketCompleted,
)
NO_REPEAT: Mapping[str, Any] = MappingProxyType(
    {"repeat_of": None, "repeat_layer": None, "repeat_at": None}
)


def _updated(ticket: Ticket, entry: Entry, event: events.TicketUpdated) -> Ticket:
    values = {name: FIELD_TYPES[name](value) for name, value in event.changes.items()}
    start = values.pop("dispatched_at", None)
    texts = {**ticket.texts, **dict.fromkeys(event.text_fields, entry.seq)}
    ranks = ticket.ranks
    if event.carried:
        ranks = (*ranks, Ranked(event.rank, event.carried))
    number = (event.source, event.upstream_no)
    upstream = tuple(
        replace(one, later=(*one.later, entry.seq))
        if "raw" in entry.texts and (one.source, one.no) == number
        else one
        for one in ticket.upstream
    )
    if event.link:
        upstream = (*upstream, Upstream(*number, entry.seq))
    return replace(
        ticket,
        **values,
        clock_start=start or ticket.clock_start,
        texts=texts,
        ranks=ranks,
        upstream=upstream,
        other_nos=(*ticket.other_nos, *event.other_nos),
        worded=tuple(dict.fromkeys((*ticket.worded, *event.worded))),
    )


def _triaged(ticket: Ticket, entry: Entry, event: events.TicketTriaged) -> Ticket:
    return replace(
        ticket,
        state=TicketState.TRIAGED,
        trade=event.trade,
        category=event.category,
        urgency=event.urgency or ticket.urgency,
        std_kind=event.std_kind or ticket.std_kind,
        std_code=event.std_code or ticket.std_code,
    )


def _dispatched(ticket: Ticket, entry: Entry, event: events.TicketDispatched) -> Ticket:
    at = entry.occurred_at
    known = dict.fromkeys((*ticket.units, event.lead, *event.assists))
    before = (one for one in ticket.leads if one.round != ticket.round)
    returned = {one.asked.unit for one in ticket.returns if one.asked.state is RequestState.GRANTED}
    return replace(
        ticket,
        state=TicketState.DISPATCHED,
        bounces=ticket.bounces + (event.lead in returned),
        lead=Lead(event.lead, at),
        leads=(*before, Led(ticket.round, event.lead, at)),
        assists=tuple(Assist(unit, AssistState.ASSIGNED, at) for unit in event.assists),
        units=tuple(known),
        instruction=entry.seq if "instruction" in entry.texts else None,
    )


def _accepted(ticket: Ticket, entry: Entry, event: events.TicketAccepted) -> Ticket:
    assert ticket.lead is not None
    lead = replace(ticket.lead, executor=event.executor, section=event.section)
    return replace(ticket, state=TicketState.ACCEPTED, lead=lead)


def _change_assist(ticket: Ticket, unit: str, **values: Any) -> Ticket:
    assists = tuple(
        replace(assist, **values) if assist.unit == unit else assist for assist in ticket.assists
    )
    return replace(ticket, assists=assists)


def _assist_accepted(ticket: Ticket, entry: Entry, event: events.AssistAccepted) -> Ticket:
    return _change_assist(
        ticket,
        event.unit,
        state=AssistState.ACCEPTED,
        executor=event.executor,
        section=event.section,
    )


def _assist_done(ticket: Ticket, entry: Entry, event: events.AssistDone) -> Ticket:
    work = Work(entry.seq, entry.occurred_at, event.unit, event.site_check, event.attachments)
    done = _change_assist(ticket, event.unit, state=AssistState.DONE)
    return replace(done, works=(*ticket.works, work))


def _contacted(ticket: Ticket, entry: Entry, event: events.TicketContacted) -> Ticket:
    contact = Contact(
        seq=entry.seq,
        at=entry.occurred_at,
        by=event.by,
        mode=event.mode,
        result=event.result,
        unit=event.unit,
        reason_code=event.reason_code,
        call_id=event.call_id,
    )
    return replace(ticket, contacts=(*ticket.contacts, contact))


def _disposed(ticket: Ticket, entry: Entry, event: events.TicketDisposed) -> Ticket:
    work = Work(entry.seq, entry.occurred_at, event.unit, event.site_check, event.attachments)
    begins = event.by_lead and ticket.state is TicketState.ACCEPTED
    state = TicketState.IN_PROGRESS if begins else ticket.state
    return replace(ticket, state=state, works=(*ticket.works, work))


def _site_visited(ticket: Ticket, entry: Entry, event: events.TicketSiteVisited) -> Ticket:
    visit = SiteVisit(
        seq=entry.seq,
        at=entry.occurred_at,
        by=entry.actor.name,
        participants=event.participants,
        unit=event.unit,
        lng=event.lng,
        lat=event.lat,
        commitments=event.commitments,
        attachments=event.attachments,
    )
    state = TicketState.IN_PROGRESS if event.begins_work else ticket.state
    return replace(ticket, state=state, site_visits=(*ticket.site_visits, visit))


def _feedback_submitted(ticket: Ticket, entry: Entry, event: events.FeedbackSubmitted) -> Ticket:
    feedback = Feedback(
        seq=entry.seq,
        at=entry.occurred_at,
        unit=event.unit,
        by=entry.actor.name,
        case_valuation=event.case_valuation,
        fact_finding=event.fact_finding,
        appeal_finding=event.appeal_finding,
        contact_id=event.contact_id,
        attachments=event.attachments,
    )
    return replace(ticket, state=TicketState.FEEDBACK_SUBMITTED, feedback=feedback)


def _feedback_rejected(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    return replace(ticket, state=TicketState.IN_PROGRESS, feedback=None)


def _urged(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    return replace(ticket, urged=ticket.urged + 1)


def _supervised(ticket: Ticket, entry: Entry, event: events.TicketSupervised) -> Ticket:
    """On a closed ticket nothing is left to hasten: the level stands, no 督办 is left open.

    It would keep the ticket from its archive for ever, since only `complete` ends one.
    """
    upstream = ticket.upstream
    if event.source is not None and event.upstream_no is not None:
        upstream = (*upstream, Upstream(event.source, event.upstream_no, entry.seq))
    level = max(ticket.supervision_level, event.level)
    after = replace(ticket, supervision_level=level, upstream=upstream)
    if not ticket.is_open:
        return after
    dues = [due for due in (ticket.supervised_due, event.due) if due is not None]
    return replace(after, is_supervised=True, supervised_due=min(dues, default=None))


def _escalated(ticket: Ticket, entry: Entry, event: events.TicketEscalated) -> Ticket:
    return replace(ticket, supervision_level=max(ticket.supervision_level, event.level))


def _archived(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    return replace(ticket, state=TicketState.ARCHIVED)


def _erased(ticket: Ticket, entry: Entry, event: events.TicketErased) -> Ticket:
    return replace(ticket, erased=tuple(dict.fromkeys((*ticket.erased, *event.parts))))


def _repeat_linked(ticket: Ticket, entry: Entry, event: events.RepeatLinked) -> Ticket:
    return replace(
        ticket,
        repeat_of=event.root,
        repeat_layer=event.layer,
        repeat_at=entry.recorded_at,
    )


def _matter_joined(ticket: Ticket, entry: Entry, event: events.MatterJoined) -> Ticket:
    return replace(ticket, matter=event.matter, is_set_apart=False)


def _matter_left(ticket: Ticket, entry: Entry, event: events.MatterLeft) -> Ticket:
    left = replace(ticket, matter=None, is_set_apart=True)
    return replace(left, **NO_REPEAT) if event.ends_repeat else left


def _clocks_paused(ticket: Ticket, entry: Entry, event: events.ClocksPaused) -> Ticket:
    if is_paused(ticket.pauses):
        return ticket
    return replace(ticket, pauses=(*ticket.pauses, Pause(event.reason, entry.occurred_at)))


def end_pause(ticket: Ticket, entry: Entry) -> Ticket:
    """Whoever reports, answers or closes has gone on working: nothing stands still any longer."""
    if not isinstance(entry.event, ENDS_PAUSE) or not is_paused(ticket.pauses):
        return ticket
    last = ticket.pauses[-1]
    ended = replace(last, end=max(last.start, entry.occurred_at))
    return replace(ticket, pauses=(*ticket.pauses[:-1], ended))


def _unchanged(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    """The entry's clocks say it all."""
    return ticket


Step = Callable[[Ticket, Entry, Any], Ticket]

STEPS: Mapping[type[events.Event], Step] = MappingProxyType(
    {
        events.TicketUpdated: _updated,
        events.TicketTriaged: _triaged,
        events.TicketDispatched: _dispatched,
        events.TicketAccepted: _accepted,
        events.AssistAccepted: _assist_accepted,
        events.AssistDone: _assist_done,
        events.TicketContacted: _contacted,
        events.TicketDisposed: _disposed,
        events.TicketSiteVisited: _site_visited,
        events.FeedbackSubmitted: _feedback_submitted,
        events.FeedbackRejected: _feedback_rejected,
        events.TicketReplied: closing.replied,
        events.TicketCompleted: closing.completed,
        events.TicketFollowedUp: closing.followed_up,
        events.ReworkOpened: closing.rework_opened,
        events.TicketUrged: _urged,
        events.TicketSupervised: _supervised,
        events.TicketVoided: requests.voided,
        events.ReturnRequested: requests.return_requested,
        events.ReturnUpstreamRequested: requests.return_upstream_requested,
        events.ReturnDecided: requests.return_decided,
        events.ReturnedUpstream: requests.returned_upstream,
        events.ExtensionRequested: requests.extension_requested,
        events.ExtensionDecided: requests.extension_decided,
        events.TicketMerged: requests.merged,
        events.TicketAbsorbed: requests.absorbed,
        events.VoidRequested: requests.void_requested,
        events.VoidRefused: requests.void_refused,
        events.AppealRequested: appeals.appealed,
        events.AppealDecided: appeals.appeal_decided,
        events.ExclusionRequested: appeals.exclusion_requested,
        events.ExclusionDecided: appeals.exclusion_decided,
        events.TicketEscalated: _escalated,
        events.EmergencyJoined: _unchanged,
        events.TicketArchived: _archived,
        events.TicketErased: _erased,
        events.RepeatLinked: _repeat_linked,
        events.MatterJoined: _matter_joined,
        events.MatterLeft: _matter_left,
        events.CommitmentKept: _unchanged,
        events.ClocksPaused: _clocks_paused,
        events.ClocksResumed: _unchanged,
        events.ClocksCorrected: _unchanged,
        events.ClockWarned: _unchanged,
        events.ClockMissed: _unchanged,
    }
)
