"""What a corrected calendar or limit makes of clocks already set (domain §11).

Only a clock that its own versions explain is touched: computed again with the calendar and the
limits it names, it must give the due it has. Dues given by a platform, a 督办 or an emergency
plan are nobody's to correct.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time

from shared.domain.calendar import WorkCalendar
from shared.domain.clocks import Clock
from shared.domain.contacts import contact_end
from shared.domain.limits import (
    Limits,
    Window,
    due_after,
    parse_limit,
    reply_due,
    unit_due,
    warn_at,
)
from shared.domain.pauses import due_with_pauses
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName, ClockOutcome

ALWAYS = Window(time(0), time(0))  # a clock's start has waited for its window already
BEYOND_CORRECTION = frozenset({ClockOutcome.EXEMPT, ClockOutcome.CANCELLED})
LEAD_TIME, REPLY, FEEDBACK = "lead_time:", "reply:", "reply:feedback"


@dataclass(frozen=True, slots=True)
class Correction:
    before: Clock
    after: Clock


@dataclass(frozen=True, slots=True)
class Terms:
    """What a clock is computed with."""

    limits: Limits
    calendar: WorkCalendar


def corrections(ticket: Ticket, rulebook: Rulebook, *, at: datetime) -> tuple[Correction, ...]:
    """The clocks whose due or verdict differs under what is known at `at`."""
    completes: dict[int, Correction] = {}
    found = []
    for clock in sorted(ticket.clocks, key=lambda one: one.name is not ClockName.COMPLETE):
        if clock.due is None or clock.outcome in BEYOND_CORRECTION:
            continue
        own = _terms_of(clock, rulebook)
        if own is None:
            continue
        new = Terms(rulebook.limits_at(clock.start), rulebook.calendar_at(at))
        if clock.name is ClockName.COMPLETE:
            completes[clock.round] = Correction(clock, clock)
        after = _corrected(clock, ticket, completes.get(clock.round), own=own, new=new, at=at)
        if after is None or (after.due, after.outcome) == (clock.due, clock.outcome):
            continue
        correction = Correction(clock, after)
        found.append(correction)
        if clock.name is ClockName.COMPLETE:
            completes[clock.round] = correction
    return tuple(found)


def _terms_of(clock: Clock, rulebook: Rulebook) -> Terms | None:
    limits, calendar = rulebook.limits_named(clock.limits), rulebook.calendar_named(clock.calendar)
    return None if limits is None or calendar is None else Terms(limits, calendar)


def _corrected(
    clock: Clock,
    ticket: Ticket,
    complete: Correction | None,
    *,
    own: Terms,
    new: Terms,
    at: datetime,
) -> Clock | None:
    if clock.rule.startswith((LEAD_TIME, REPLY)):
        if complete is None:
            return None
        before = _hanging(clock, complete.before, ticket, own.calendar)
        if clock.rule != FEEDBACK:
            new = Terms(new.limits, calendar_of_complete(complete.after, own=own, new=new))
        due, rule = _hanging(clock, complete.after, ticket, new.calendar)
    else:
        before = _limited(clock, ticket, own)
        due, rule = _limited(clock, ticket, new)
    if due is None or before != (clock.due, clock.rule):
        return None
    assert clock.due is not None
    if due < clock.due and rule == clock.rule and _is_promised(clock, own.calendar):
        return None
    return _judged(clock, ticket, due=due, rule=rule, new=new, at=at)


def calendar_of_complete(complete: Clock, *, own: Terms, new: Terms) -> WorkCalendar:
    """A clock that hangs on `complete` counts in the calendar that one was set by."""
    return new.calendar if complete.calendar == new.calendar.version else own.calendar


def _is_promised(clock: Clock, calendar: WorkCalendar) -> bool:
    """Never shortened by a calendar: a clock that still runs, or one set in a provisional year."""
    assert clock.due is not None
    return clock.is_running or calendar.is_provisional(clock.due.date())


def _limited(clock: Clock, ticket: Ticket, terms: Terms) -> tuple[datetime | None, str]:
    """Due and rule under the limit that the clock's rule names; no due where it names none."""
    key, named, _ = clock.rule.partition("=")
    if not named or key not in terms.limits.values:
        return None, clock.rule
    limit = parse_limit(terms.limits.text(key))
    due: datetime | None = due_after(clock.start, limit, terms.calendar, ALWAYS).due
    if clock.name is ClockName.COMPLETE and clock.round == ticket.round and due is not None:
        due = due_with_pauses(clock.start, due, ticket.pauses, limit.unit, terms.calendar)
    return due, f"{key}={limit}"


def _hanging(
    clock: Clock, complete: Clock, ticket: Ticket, calendar: WorkCalendar
) -> tuple[datetime | None, str]:
    """Due and rule of `unit_complete` and `reply`, which hang on `complete`."""
    if complete.due is None:
        return None, clock.rule
    if clock.rule.startswith(LEAD_TIME):
        return unit_due(complete.start, complete.due, calendar), LEAD_TIME + complete.rule
    at = None
    if clock.rule == FEEDBACK:
        at = next(_feedbacks(ticket, clock.round), None)
    due = reply_due(complete.due, at, calendar)
    return due, FEEDBACK if due != complete.due else REPLY + complete.rule


def _feedbacks(ticket: Ticket, number: int) -> Iterator[datetime]:
    """When the unit's clocks of that round ended by a feedback that stands, latest first."""
    if ticket.feedback is not None and number == ticket.round:
        yield ticket.feedback.at
    for clock in reversed(ticket.clocks):
        is_unit = clock.name is ClockName.UNIT_COMPLETE and clock.round == number
        if is_unit and clock.outcome in (ClockOutcome.MET, ClockOutcome.LATE) and clock.stopped_at:
            yield clock.stopped_at


def _judged(
    clock: Clock, ticket: Ticket, *, due: datetime, rule: str, new: Terms, at: datetime
) -> Clock:
    warn = warn_at(clock.start, due, new.calendar)
    return replace(
        clock,
        due=due,
        warn=warn,
        rule=rule,
        limits=new.limits.version,
        calendar=new.calendar.version,
        outcome=_outcome(clock, ticket, due),
        warned=clock.warned and (not clock.is_running or warn <= at),
        missed=clock.missed and (not clock.is_running or due < at),
    )


def _outcome(clock: Clock, ticket: Ticket, due: datetime) -> ClockOutcome | None:
    if clock.stopped_at is None:
        return None
    if clock.stopped_at > due:
        return ClockOutcome.LATE
    if clock.name is ClockName.FIRST_CONTACT:
        ended = contact_end(ticket.contacts)
        return ended[1] if ended is not None else ClockOutcome.MET
    return ClockOutcome.MET
