"""Every clock explained (ruling 10): segments, the rule, the margin, and a sentence."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.dispatch.answers import clock_answer
from services.dispatch.times import city_time
from shared.domain.calendar import WorkCalendar
from shared.domain.clocks import Clock
from shared.domain.emergency import MARK
from shared.domain.events import Entry
from shared.domain.explain import Basis, ClockFacts, Move, explain
from shared.domain.limits import Limit, LimitUnit, parse_limit
from shared.domain.pauses import Pause
from shared.domain.rulebook import Rulebook
from shared.domain.spans import segments
from shared.domain.targets import explain_target, target_of
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName

# How a rule's name begins, and what it says set the due; a plain limit names itself with "=".
BASES: Mapping[str, Basis] = MappingProxyType(
    {
        "upstream_due": Basis.UPSTREAM,
        "supervised": Basis.SUPERVISED,
        "extension": Basis.EXTENDED,
        "merged": Basis.MERGED,
        "lead_time": Basis.LEAD_TIME,
        "reply": Basis.REPLY,
        "commitment": Basis.COMMITMENT,
    }
)
# What is promised by a day runs on plain days, not on working ones.
PLAIN_DAYS: Mapping[Basis, LimitUnit] = MappingProxyType({Basis.COMMITMENT: LimitUnit.DAY})


# The clocks that a pause of the ticket holds up.
HELD_UP = frozenset({ClockName.COMPLETE, ClockName.UNIT_COMPLETE, ClockName.REPLY})
Key = tuple[int, ClockName, int]


def explain_clocks(
    ticket: Ticket, rulebook: Rulebook, now: datetime, *, entries: Iterable[Entry] = ()
) -> list[dict[str, Any]]:
    """`entries`: the ticket's log, which knows the dues that were moved."""
    moves = moves_of(entries)
    ordered = sorted(ticket.clocks, key=lambda one: (one.round, one.start, one.name, one.ordinal))
    return [
        explain_clock(ticket, clock, rulebook, now, moves=moves.get(clock.key, ()))
        | target_item(ticket, clock, rulebook, now)
        for clock in ordered
    ]


def moves_of(entries: Iterable[Entry]) -> dict[Key, tuple[Move, ...]]:
    """Every due that gave way to another, clock by clock."""
    known: dict[Key, Clock] = {}
    moves: dict[Key, tuple[Move, ...]] = {}
    for entry in entries:
        for clock in entry.clocks:
            before = known.get(clock.key)
            known[clock.key] = clock
            if before is None or before.due is None or clock.due in (None, before.due):
                continue
            move = Move(before.due, entry.occurred_at, entry.event.type)
            moves[clock.key] = (*moves.get(clock.key, ()), move)
    return moves


def target_item(ticket: Ticket, clock: Clock, rulebook: Rulebook, now: datetime) -> dict[str, Any]:
    """The disposal target beside the lead's own clock; of no rate and no light."""
    target = target_of(ticket, clock, rulebook)
    if target is None:
        return {}
    return {
        "target": {
            "start": city_time(target.start),
            "due": city_time(target.due),
            "state": target.state(now),
            "stopped_at": city_time(target.stopped_at),
            "rule": target.rule,
            "text": explain_target(target, now=now),
        }
    }


def explain_clock(
    ticket: Ticket,
    clock: Clock,
    rulebook: Rulebook,
    now: datetime,
    *,
    moves: tuple[Move, ...] = (),
) -> dict[str, Any]:
    """`margin_seconds` are wall-clock seconds left at the stop, else now; below 0 is late."""
    calendar = calendar_of(clock, rulebook)
    basis, limit = read_rule(clock.rule)
    ended = clock.stopped_at or now
    unit = limit.unit if limit is not None else PLAIN_DAYS.get(basis, LimitUnit.WORKDAY)
    pauses = pauses_of(ticket, clock, basis)
    is_timed = clock.due is not None or clock.is_running
    counted = segments(clock.start, ended, calendar, unit, pauses=pauses) if is_timed else []
    facts = ClockFacts(
        clock.name,
        clock.start,
        clock.due,
        basis,
        limit,
        clock.outcome,
        clock.stopped_at,
        asked=asked_at(ticket, clock, limit),
        is_rework=clock.round > 1,
        moves=moves,
        pauses=pauses,
        is_emergency=clock.rule.endswith(MARK),
    )
    margin = None if clock.due is None else int((clock.due - ended).total_seconds())
    return {
        "name": clock.name,
        "round": clock.round,
        "unit": clock.unit,
        **clock_answer(clock, now),
        "ordinal": clock.ordinal,
        "rule": clock.rule,
        "limits_version": clock.limits,
        "calendar_version": clock.calendar,
        "segments": [
            {
                "from": city_time(one.start),
                "to": city_time(one.end),
                "kind": one.kind,
                "working_seconds": one.working_seconds,
            }
            for one in counted
        ],
        "margin_seconds": margin,
        "text": explain(facts, calendar, now=now),
    }


def pauses_of(ticket: Ticket, clock: Clock, basis: Basis) -> tuple[Pause, ...]:
    """A due that was given is moved by no pause, so neither is its clock held up."""
    if clock.round != ticket.round or clock.name not in HELD_UP:
        return ()
    return () if basis in (Basis.UPSTREAM, Basis.SUPERVISED, Basis.EXTENDED) else ticket.pauses


def asked_at(ticket: Ticket, clock: Clock, limit: Limit | None) -> datetime | None:
    """When the matter of a clock in minutes or hours came up, if it waited for the window."""
    if limit is None or limit.unit not in (LimitUnit.MINUTE, LimitUnit.HOUR):
        return None
    if clock.name in (ClockName.DESK_ACCEPT, ClockName.FIRST_CONTACT):
        return ticket.clock_start
    lead = ticket.lead
    if clock.round != ticket.round or lead is None or lead.unit != clock.unit:
        return None
    return min(lead.dispatched_at, clock.start)


def read_rule(rule: str) -> tuple[Basis, Limit | None]:
    """What set the due; the limit itself where the clock follows one."""
    basis = BASES.get(rule.partition(":")[0])
    if basis is not None or "=" not in rule:
        return basis or Basis.UPSTREAM, None
    return Basis.LIMIT, parse_limit(rule.removesuffix(MARK).rpartition("=")[2])


def calendar_of(clock: Clock, rulebook: Rulebook) -> WorkCalendar:
    """The version the clock was set by."""
    known = {one.value.version: one.value for one in rulebook.calendars}
    return known.get(clock.calendar, rulebook.calendar_at(clock.start))
