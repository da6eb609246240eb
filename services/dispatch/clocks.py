"""Every clock explained (ruling 10): segments, the rule, the margin, and a sentence."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.dispatch.answers import clock_answer
from services.dispatch.times import city_time
from shared.domain.calendar import WorkCalendar
from shared.domain.clocks import Clock
from shared.domain.explain import Basis, ClockFacts, explain
from shared.domain.limits import Limit, LimitUnit, parse_limit
from shared.domain.rulebook import Rulebook
from shared.domain.spans import segments
from shared.domain.ticket import Ticket

# How a rule's name begins, and what it says set the due; a plain limit names itself with "=".
BASES: Mapping[str, Basis] = MappingProxyType(
    {
        "upstream_due": Basis.UPSTREAM,
        "supervised": Basis.SUPERVISED,
        "extension": Basis.EXTENDED,
        "lead_time": Basis.LEAD_TIME,
        "reply": Basis.REPLY,
        "commitment": Basis.COMMITMENT,
    }
)
# What is promised by a day runs on plain days, not on working ones.
PLAIN_DAYS: Mapping[Basis, LimitUnit] = MappingProxyType({Basis.COMMITMENT: LimitUnit.DAY})


def explain_clocks(ticket: Ticket, rulebook: Rulebook, now: datetime) -> list[dict[str, Any]]:
    ordered = sorted(ticket.clocks, key=lambda one: (one.round, one.start, one.name, one.ordinal))
    return [explain_clock(clock, rulebook, now) for clock in ordered]


def explain_clock(clock: Clock, rulebook: Rulebook, now: datetime) -> dict[str, Any]:
    """`margin_seconds` are wall-clock seconds left at the stop, else now; below 0 is late."""
    calendar = calendar_of(clock, rulebook)
    basis, limit = read_rule(clock.rule)
    ended = clock.stopped_at or now
    unit = limit.unit if limit is not None else PLAIN_DAYS.get(basis, LimitUnit.WORKDAY)
    counted = [] if clock.due is None else segments(clock.start, ended, calendar, unit)
    facts = ClockFacts(
        clock.name, clock.start, clock.due, basis, limit, clock.outcome, clock.stopped_at
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


def read_rule(rule: str) -> tuple[Basis, Limit | None]:
    """What set the due; the limit itself where the clock follows one."""
    basis = BASES.get(rule.partition(":")[0])
    if basis is not None or "=" not in rule:
        return basis or Basis.UPSTREAM, None
    return Basis.LIMIT, parse_limit(rule.rpartition("=")[2])


def calendar_of(clock: Clock, rulebook: Rulebook) -> WorkCalendar:
    """The version the clock was set by."""
    known = {one.value.version: one.value for one in rulebook.calendars}
    return known.get(clock.calendar, rulebook.calendar_at(clock.start))
