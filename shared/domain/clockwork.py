"""Which clocks start, move and stop on which event (domain §6, contract §7 rulings 1–9, 23–25).

Pure: the ticket as it will be after the event, the event, and the bureau's rulebook give the
clocks that change, each whole. The fold then only has to put them in place.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from shared.domain import events
from shared.domain.calendar import CITY_ZONE
from shared.domain.clocks import Clock
from shared.domain.contacts import contact_end, effective_contact
from shared.domain.corrections import corrections
from shared.domain.dial import Dial
from shared.domain.limits import due_after
from shared.domain.parts import commitment_rule
from shared.domain.pauses import PauseNotGranted, granted_reasons, is_paused
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName, ClockOutcome, TicketState

END_OF_DAY = time(23, 59, 59)


def clock_changes(
    after: Ticket, event: events.Event, *, at: datetime, rulebook: Rulebook
) -> tuple[Clock, ...]:
    """The clocks that `event`, which happened at `at`, starts, moves or stops.

    `after` is the ticket folded with the event, still with the clocks of before.
    """
    dial = Dial(after, rulebook, at)
    if after.pauses and not is_paused(after.pauses):
        dial.move_complete()  # a pause that ends with this event ends before all else
    HANDS.get(type(event), _nothing)(dial, event)
    return tuple(dial.changes.values())


def _nothing(dial: Dial, event: events.Event) -> None:
    pass


def _received(dial: Dial, event: events.TicketReceived) -> None:
    ticket = dial.ticket
    start, due, rule = dial.limited(dial.accept_limit("desk"), ticket.clock_start)
    dial.start(ClockName.DESK_ACCEPT, start, due=due, rule=rule)
    if ticket.has_no_caller:
        dial.exempt(ClockName.FIRST_CONTACT, ticket.clock_start)
    else:
        start, due, rule = dial.limited(f"first_contact.{ticket.urgency}", ticket.clock_start)
        dial.start(ClockName.FIRST_CONTACT, start, due=due, rule=rule)
    dial.start_own()
    dial.start_report(ticket.clock_start)


def _updated(dial: Dial, event: events.TicketUpdated) -> None:
    if dial.ticket.is_open:
        dial.reset()


def _triaged(dial: Dial, event: events.TicketTriaged) -> None:
    dial.stop(ClockName.DESK_ACCEPT)
    dial.reset()


def _dispatched(dial: Dial, event: events.TicketDispatched) -> None:
    for unit in (event.lead, *event.assists):
        dial.start_unit(unit)


def _accepted(dial: Dial, event: events.TicketAccepted | events.AssistAccepted) -> None:
    dial.stop(ClockName.UNIT_ACCEPT, event.unit)


def _assist_done(dial: Dial, event: events.AssistDone) -> None:
    dial.stop(ClockName.UNIT_COMPLETE, event.unit)
    dial.stop(ClockName.INTERIM_REPORT)


def _looked_after(dial: Dial, event: events.Event) -> None:
    """Work done or a look on the spot says how things stand: the first report is made."""
    dial.stop(ClockName.INTERIM_REPORT)


def _contacted(dial: Dial, event: events.TicketContacted) -> None:
    """Met by the first call that got through in time, or by tries enough (ruling 6).

    A call recorded late whose own time was in time mends a missed clock (contract §6).
    """
    if effective_contact(dial.ticket.contacts) is not None:
        dial.stop(ClockName.INTERIM_REPORT)
    clock = dial.latest(ClockName.FIRST_CONTACT)
    if clock is None or clock.outcome in (ClockOutcome.EXEMPT, ClockOutcome.CANCELLED):
        return
    ended = contact_end(dial.ticket.contacts)
    if ended is None:
        return
    at, outcome = ended
    if clock.due is not None and at > clock.due:
        outcome = ClockOutcome.LATE
    if clock.is_running or (clock.stopped_at is not None and at < clock.stopped_at):
        dial.put(replace(clock, outcome=outcome, stopped_at=at))


def _site_visited(dial: Dial, event: events.TicketSiteVisited) -> None:
    """Every promise made runs to the end of its day."""
    _looked_after(dial, event)
    visit = dial.ticket.site_visits[-1]
    for place, promise in enumerate(event.commitments):
        day = datetime.combine(date.fromisoformat(promise.due_on), END_OF_DAY, CITY_ZONE)
        rule = commitment_rule(visit.promise(place))
        dial.start(ClockName.COMMITMENT, dial.at, due=day, rule=rule)


def _commitment_kept(dial: Dial, event: events.CommitmentKept) -> None:
    clock = dial.ticket.commitment(event.commitment)
    if clock is not None and clock.is_running:
        dial.put(clock.stopped(dial.at))


def _fed_back(dial: Dial, event: events.FeedbackSubmitted) -> None:
    dial.stop(ClockName.UNIT_COMPLETE, event.unit)
    dial.stop(ClockName.INTERIM_REPORT)
    dial.move_reply()


def _feedback_rejected(dial: Dial, event: events.FeedbackRejected) -> None:
    """The unit's clock goes on from its old start: the ended one is kept, cancelled."""
    lead = dial.ticket.lead
    ended = None if lead is None else dial.latest(ClockName.UNIT_COMPLETE, lead.unit)
    if ended is not None and lead is not None:
        dial.put(replace(ended, outcome=ClockOutcome.CANCELLED))
        dial.start(
            ClockName.UNIT_COMPLETE, ended.start, due=ended.due, rule=ended.rule, unit=lead.unit
        )
    dial.move_reply()


def _replied(dial: Dial, event: events.TicketReplied) -> None:
    dial.stop(ClockName.REPLY)


def _completed(dial: Dial, event: events.TicketCompleted) -> None:
    dial.stop(ClockName.COMPLETE)
    if dial.ticket.has_no_caller:
        dial.exempt(ClockName.FOLLOW_UP, dial.at)
        return
    start, due, rule = dial.limited("follow_up.within", dial.at)
    dial.start(ClockName.FOLLOW_UP, start, due=due, rule=rule)
    if dial.ticket.state is TicketState.FOLLOWED_UP:
        dial.stop(ClockName.FOLLOW_UP)


def _followed_up(dial: Dial, event: events.TicketFollowedUp) -> None:
    if dial.ticket.state is TicketState.FOLLOWED_UP:
        dial.stop(ClockName.FOLLOW_UP)


def _rework_opened(dial: Dial, event: events.ReworkOpened) -> None:
    dial.cancel_running()
    dial.start_own()


def _return_decided(dial: Dial, event: events.ReturnDecided) -> None:
    """The unit's clocks end with its part; the ticket's own run on."""
    if event.granted:
        dial.cancel_running((ClockName.UNIT_ACCEPT, ClockName.UNIT_COMPLETE))


def _extension_decided(dial: Dial, event: events.ExtensionDecided) -> None:
    if event.granted and event.upstream:
        dial.move_complete(pardon=True)


def _absorbed(dial: Dial, event: events.TicketAbsorbed) -> None:
    dial.move_complete()


def _supervised(dial: Dial, event: events.TicketSupervised) -> None:
    dial.move_complete()


def _emergency_joined(dial: Dial, event: events.EmergencyJoined) -> None:
    dial.reset()


def _ended(dial: Dial, event: events.Event) -> None:
    dial.cancel_running()


def _paused(dial: Dial, event: events.ClocksPaused) -> None:
    limits = dial.rulebook.limits_at(dial.ticket.clock_start)
    if event.reason not in granted_reasons(limits):
        raise PauseNotGranted(f"“{event.reason}”不是登记中可以暂停计时的理由")
    dial.move_complete()


def _corrected(dial: Dial, event: events.ClocksCorrected) -> None:
    for one in corrections(dial.ticket, dial.rulebook, at=dial.at):
        dial.put(one.after)


def _warned(dial: Dial, event: events.ClockWarned) -> None:
    dial.put(replace(_alarmed(dial, event), warned=True))


def _missed(dial: Dial, event: events.ClockMissed) -> None:
    dial.put(replace(_alarmed(dial, event), warned=True, missed=True))


def _alarmed(dial: Dial, event: events.ClockWarned | events.ClockMissed) -> Clock:
    key = (event.round, ClockName(event.name), event.ordinal)
    return next(clock for clock in dial.ticket.clocks if clock.key == key)


def supervised_until(at: datetime, rulebook: Rulebook) -> datetime:
    """The limit a 督办 adds when it names none: three working days from then (ruling 2)."""
    limit = rulebook.limits_at(at).limit("limit.supervised")
    return due_after(at, limit, rulebook.calendar_at(at), rulebook.duty_at(at)).due


def rework_until(at: datetime, rulebook: Rulebook) -> datetime:
    """The limit of a new round that names none: three working days from then."""
    limit = rulebook.limits_at(at).limit("limit.rework")
    return due_after(at, limit, rulebook.calendar_at(at), rulebook.duty_at(at)).due


def archive_from(completed_at: datetime, rulebook: Rulebook) -> datetime:
    days = rulebook.limits_at(completed_at).number("archive_days")
    return completed_at + timedelta(days=days)


Hand = Callable[[Dial, Any], None]

HANDS: Mapping[type[events.Event], Hand] = MappingProxyType(
    {
        events.TicketReceived: _received,
        events.TicketUpdated: _updated,
        events.TicketTriaged: _triaged,
        events.TicketDispatched: _dispatched,
        events.TicketAccepted: _accepted,
        events.AssistAccepted: _accepted,
        events.AssistDone: _assist_done,
        events.TicketContacted: _contacted,
        events.TicketDisposed: _looked_after,
        events.TicketSiteVisited: _site_visited,
        events.CommitmentKept: _commitment_kept,
        events.FeedbackSubmitted: _fed_back,
        events.FeedbackRejected: _feedback_rejected,
        events.TicketReplied: _replied,
        events.TicketCompleted: _completed,
        events.TicketFollowedUp: _followed_up,
        events.ReworkOpened: _rework_opened,
        events.ReturnDecided: _return_decided,
        events.ReturnedUpstream: _ended,
        events.ExtensionDecided: _extension_decided,
        events.TicketMerged: _ended,
        events.TicketAbsorbed: _absorbed,
        events.TicketSupervised: _supervised,
        events.EmergencyJoined: _emergency_joined,
        events.TicketVoided: _ended,
        events.ClocksPaused: _paused,
        events.ClocksCorrected: _corrected,
        events.ClockWarned: _warned,
        events.ClockMissed: _missed,
    }
)
