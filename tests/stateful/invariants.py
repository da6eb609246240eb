"""What must hold of a ticket after every step, whatever was done."""

from collections.abc import Sequence
from dataclasses import replace

from shared.domain import fold
from shared.domain.clocks import Clock
from shared.domain.events import (
    AppealDecided,
    AppealRequested,
    Entry,
    ExclusionDecided,
    ExclusionRequested,
    ReworkOpened,
    TicketDispatched,
)
from shared.domain.ticket import Ticket
from shared.domain.words import AppealVerdict, AssistState, ClockName, ClockOutcome, Role
from tests.stateful.domain import (
    ASSIST_MOVES,
    BY,
    ENDED,
    MOVES,
    OF_FIGURES,
    VOIDING,
    WITH_LEAD,
    WITHOUT_LEAD,
)

CORRECTED = frozenset({ClockOutcome.LATE, ClockOutcome.MET, ClockOutcome.UNREACHED})


def check_standing(ticket: Ticket) -> None:
    """One lead or none, as the state says; nobody twice; no clock runs on after the end."""
    state = ticket.state.value
    assert state not in WITH_LEAD or ticket.lead is not None, f"no lead in {state}"
    assert state not in WITHOUT_LEAD or ticket.lead is None, f"a lead in {state}"
    parts = [one.unit for one in ticket.assists]
    if ticket.lead is not None:
        parts.append(ticket.lead.unit)
    assert len(parts) == len(set(parts)), f"a unit with two parts: {parts}"
    assert set(parts) <= set(ticket.units), "a part that cannot be read"
    for clock in ticket.clocks:
        old = clock.round < ticket.round
        assert not (clock.is_running and (old or state in ENDED)), f"{clock.key} runs on in {state}"


def check_log(stored: Ticket, entries: Sequence[Entry], since: int) -> None:
    """The log folds to the row, and each entry after `since` was its author's to make."""
    check_figures(entries)
    ticket = fold.received(stored.ticket_id, entries[0])
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1)), "a gap in the log"
    for entry in entries[1:]:
        after = fold.apply(ticket, entry)
        if entry.seq > since:
            check_entry(ticket, entry, after)
        ticket = after
    assert by_key(ticket) == by_key(stored), "the log does not fold to the row"


def check_entry(before: Ticket, entry: Entry, after: Ticket) -> None:
    kind = entry.event.type
    if before.state is not after.state and kind != VOIDING:
        move = (before.state.value, after.state.value)
        assert kind in MOVES.get(move, ()), f"{move} by a side door: {kind}"
    author = whose(before, entry)
    assert author in BY.get(kind, {author}), f"{kind} by {author}"
    assert entry.occurred_at <= entry.recorded_at, f"{kind} happened after it was recorded"
    assert after.round - before.round == (kind == "ticket.rework_opened"), "a round of its own"
    check_clocks(before.clocks, after.clocks, kind)
    if kind in OF_FIGURES:
        assert (before.state, before.clocks) == (after.state, after.clocks), f"{kind} moved it"
        assert after.version == before.version + 1
    check_assists(before, after, kind)


def check_figures(entries: Sequence[Entry]) -> None:
    """Each verdict of a round is appealed once, by who led it last, and decided once by another;
    one exclusion at a time, and none after one that was granted.
    """
    led: dict[int, str] = {}
    number = 1
    appeals: dict[tuple[AppealVerdict, int], Entry | None] = {}
    excluding: Entry | None = None
    for entry in entries:
        match entry.event:
            case ReworkOpened(round=number):
                pass
            case TicketDispatched(lead=lead):
                led[number] = lead
            case AppealRequested(verdict=verdict, round=one, unit=unit):
                assert (verdict, one) not in appeals, "appealed twice"
                assert entry.actor.unit == unit == led[one], "the appeal of another"
                appeals[verdict, one] = entry
            case AppealDecided(verdict=verdict, round=one):
                asked = appeals[verdict, one]
                assert asked is not None, "decided twice"
                assert asked.actor.name != entry.actor.name
                appeals[verdict, one] = None
            case ExclusionRequested():
                assert excluding is None, "a second exclusion"
                excluding = entry
            case ExclusionDecided(granted=granted):
                assert excluding is not None, "decided without being asked for"
                excluding = excluding if granted else None


def whose(ticket: Ticket, entry: Entry) -> str:
    """The author's role, or the part of a unit's key."""
    actor = entry.actor
    if actor.role is not Role.UNIT:
        return actor.role.value
    if ticket.lead is not None and ticket.lead.unit == actor.unit:
        return "lead"
    return "assist" if ticket.assist(actor.unit) is not None else "nobody"


def check_clocks(before: Sequence[Clock], after: Sequence[Clock], kind: str) -> None:
    """No clock is lost; an ended one stays as it was, but where a ruling says otherwise."""
    now = {clock.key: clock for clock in after}
    for clock in before:
        assert clock.key in now, f"{kind} lost {clock.key}"
        then = now[clock.key]
        assert (then.unit, then.round) == (clock.unit, clock.round)
        if not clock.is_running and then != clock:
            assert is_correction(clock, then, kind), f"{kind} changed the ended {clock.key}"
        if clock.is_running and kind not in ("ticket.updated", "ticket.triaged"):
            assert then.start == clock.start, f"{kind} moved the start of {clock.key}"
    counted = [(clock.round, clock.name, clock.ordinal) for clock in after]
    for number, name, ordinal in counted:
        assert ordinal == 1 or (number, name, ordinal - 1) in counted, "an ordinal left out"


def is_correction(before: Clock, after: Clock, kind: str) -> bool:
    """A call recorded late that was in time (§6); a feedback rejected, whose clock goes on."""
    if kind == "ticket.contacted" and before.name is ClockName.FIRST_CONTACT:
        as_it_was = replace(after, outcome=before.outcome, stopped_at=before.stopped_at)
        return as_it_was == before and {before.outcome, after.outcome} <= CORRECTED
    if kind == "ticket.feedback_rejected" and before.name is ClockName.UNIT_COMPLETE:
        return replace(after, outcome=before.outcome) == before
    return False


def check_assists(before: Ticket, after: Ticket, kind: str) -> None:
    """assigned → accepted → done, by the assist's own entries alone (ruling 16)."""
    if kind == "ticket.dispatched":
        assert {one.state for one in after.assists} <= {AssistState.ASSIGNED}
        return
    if not after.assists:
        dropping = ("ticket.return_decided", "ticket.rework_opened")
        assert not before.assists or kind in dropping, f"{kind} dropped the assists"
        return
    for one, then in zip(before.assists, after.assists, strict=True):
        assert one.unit == then.unit
        if one.state is not then.state:
            assert (one.state.value, then.state.value) in ASSIST_MOVES
            assert kind in ("ticket.assist_accepted", "ticket.assist_done")
            assert before.state is after.state, "an assist moved the ticket"


def by_key(ticket: Ticket) -> Ticket:
    """Clocks lie in a table of their own, in no order that matters."""
    return replace(ticket, clocks=tuple(sorted(ticket.clocks, key=lambda clock: clock.key)))
