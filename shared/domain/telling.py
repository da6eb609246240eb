"""What each event has to tell, and to whom."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.domain import events
from shared.domain.appeals import Claim, pending_appeal
from shared.domain.calendar import in_city
from shared.domain.emergency import Emergency
from shared.domain.events import Code
from shared.domain.ladder import BUREAU_LEVEL, SECTION_LEVEL
from shared.domain.notices import (
    DESK,
    LEADER,
    Addressee,
    AddresseeKind,
    Notice,
    NoticeKind,
    Told,
    timed,
)
from shared.domain.parts import Asked
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName, UnitKind, Urgency

HANDLING = frozenset({UnitKind.SECTION, UnitKind.AFFILIATE, UnitKind.CONTRACTOR})
DESK_CLOCKS = frozenset({ClockName.DESK_ACCEPT, ClockName.FOLLOW_UP})
CALLS = frozenset({ClockName.FIRST_CONTACT, ClockName.REPLY})
GRAVITY = tuple(Urgency)

Line = tuple[NoticeKind, list[Addressee], dict[str, Code]]
Teller = Callable[[Told, Any], list[Line]]


def notices_for(
    before: Ticket | None,
    after: Ticket,
    event: events.Event,
    *,
    rulebook: Rulebook,
    at: datetime,
) -> tuple[Notice, ...]:
    """What must be told of `event`, recorded at `at`; nobody is told the same thing twice."""
    teller = TELLERS.get(type(event))
    if teller is None and event.emergency is None:
        return ()
    told = Told(before, after, rulebook, at)
    lines = [] if teller is None else teller(told, event)
    plan = told.plan
    if event.emergency is not None and plan is not None and plan.push:
        everyone = [*told.holders, DESK]
        lines.append((NoticeKind.EMERGENCY_PUSHED, everyone, {"emergency": plan.id}))
    if not lines:
        return ()
    pressing = after.urgency is not Urgency.NORMAL or (plan is not None and plan.push)
    duty = rulebook.duty_at(at) if plan is None else plan.window(rulebook.duty_at(at))
    return tuple(
        timed(kind, to, data, pressing=pressing, duty=duty, at=at)
        for kind, addressees, data in lines
        for to in dict.fromkeys(addressees)
    )


def emergency_notices(
    plan: Emergency, kind: NoticeKind, *, rulebook: Rulebook, at: datetime
) -> tuple[Notice, ...]:
    """The desk, the leaders and every unit of the trades in scope; at once where it pushes."""
    units = [
        Addressee(AddresseeKind.UNIT, unit.unit_id)
        for unit in rulebook.units.values()
        if unit.kind in HANDLING and (not plan.scope.trades or unit.trades & plan.scope.trades)
    ]
    data = {"emergency": plan.id, "until": in_city(plan.until).isoformat()}
    duty = plan.window(rulebook.duty_at(at))
    return tuple(
        timed(kind, to, data, pressing=plan.push, duty=duty, at=at) for to in (DESK, LEADER, *units)
    )


def _urgency(told: Told, event: events.Event) -> list[Line]:
    """Urgent from the start, or raised: everyone who has it in hand, a leader of urgent ones."""
    ticket, before = told.ticket, told.before
    known = before.urgency if before is not None else Urgency.NORMAL
    if GRAVITY.index(ticket.urgency) <= GRAVITY.index(known):
        return []
    report = ticket.clock(ClockName.INTERIM_REPORT)
    data: dict[str, Code] = {
        "urgency": ticket.urgency.value,
        "report_by": _iso(report.due) if report is not None else None,
        "formal_by": told.formal_by(),
        "call_from": told.call_from(),
    }
    people = [*told.parts, DESK]
    if ticket.urgency is Urgency.URGENT:
        people.append(LEADER)
    return [(NoticeKind.URGENT_RECEIVED, people, data)]


def _dispatched(told: Told, event: events.TicketDispatched) -> list[Line]:
    lines: list[Line] = []
    for unit in (event.lead, *event.assists):
        accept = told.ticket.clock(ClockName.UNIT_ACCEPT, unit=unit)
        complete = told.ticket.clock(ClockName.UNIT_COMPLETE, unit=unit)
        data: dict[str, Code] = {
            "part": "lead" if unit == event.lead else "assist",
            "due": _iso(accept.due) if accept is not None else None,
            "feedback_by": _iso(complete.due) if complete is not None else None,
        }
        lines.append((NoticeKind.DISPATCHED, told.unit(unit), data))
    return lines


def _urged(told: Told, event: events.TicketUrged) -> list[Line]:
    return [(NoticeKind.URGED, told.parts or [DESK], {"times": told.ticket.urged})]


def _supervised(told: Told, event: events.TicketSupervised) -> list[Line]:
    data: dict[str, Code] = {"level": told.ticket.supervision_level, "due": _iso(event.due)}
    return [(NoticeKind.SUPERVISED, [*told.holders, DESK, *_above(told, event.level)], data)]


def _escalated(told: Told, event: events.TicketEscalated) -> list[Line]:
    data: dict[str, Code] = {"level": event.level, "cause": event.cause.value}
    return [(NoticeKind.ESCALATED, [DESK, *_above(told, event.level)], data)]


def _above(told: Told, level: int) -> list[Addressee]:
    """Whose business a level is, besides the desk's."""
    section = told.section if level >= SECTION_LEVEL else []
    return [*section, LEADER] if level >= BUREAU_LEVEL else section


def _warned(told: Told, event: events.ClockWarned) -> list[Line]:
    return [(NoticeKind.WARNED, _answerable(told, event), _of_clock(told, event))]


def _missed(told: Told, event: events.ClockMissed) -> list[Line]:
    """A breach is the desk's business too."""
    return [(NoticeKind.MISSED, [*_answerable(told, event), DESK], _of_clock(told, event))]


def _answerable(told: Told, event: events.ClockWarned | events.ClockMissed) -> list[Addressee]:
    """Who must act. With a confidential caller only the desk may speak (ruling 18)."""
    key = (event.round, ClockName(event.name), event.ordinal)
    clock = next(one for one in told.ticket.clocks if one.key == key)
    if clock.unit is not None:
        return told.unit(clock.unit) or [DESK]
    is_desk_only = clock.name in CALLS and told.ticket.is_confidential
    return [DESK] if clock.name in DESK_CLOCKS or is_desk_only else told.holders


def _of_clock(told: Told, event: events.ClockWarned | events.ClockMissed) -> dict[str, Code]:
    data: dict[str, Code] = {
        "clock": str(event.name),
        "round": event.round,
        "due": in_city(event.due).isoformat(),
    }
    if event.name == ClockName.INTERIM_REPORT:
        data["formal_by"] = told.formal_by()
    if event.name in CALLS:
        data["call_from"] = told.call_from()
    return data


def _feedback_rejected(told: Told, event: events.Event) -> list[Line]:
    """The unit, and whoever wrote the feedback."""
    given = told.before.feedback if told.before is not None else None
    author = [Addressee(AddresseeKind.PERSON, given.by)] if given is not None else []
    return [(NoticeKind.FEEDBACK_REJECTED, [*told.holders, *author], {})]


def _rework(told: Told, event: events.ReworkOpened) -> list[Line]:
    """The desk triages it anew; the head of the unit that had it must take part (domain §5)."""
    former = told.before.lead if told.before is not None else None
    people = [DESK, *(told.unit(former.unit) if former is not None else [])]
    complete = told.ticket.clock(ClockName.COMPLETE)
    due = _iso(complete.due) if complete is not None else None
    return [(NoticeKind.REWORK, people, {"round": event.round, "due": due})]


def _requested(what: str, decider: Addressee) -> Teller:
    """A request that waits for somebody's word."""

    def tell(told: Told, event: events.Event) -> list[Line]:
        return [(NoticeKind.REQUESTED, [decider], {"what": what})]

    return tell


def _return_decided(told: Told, event: events.ReturnDecided) -> list[Line]:
    """The unit that asked (it may have the ticket no more); the desk, where the platform spoke."""
    asked = told.before.pending_return if told.before is not None else None
    people = _askers(told, asked.asked if asked is not None else None)
    return [(NoticeKind.DECIDED, people, {"what": "return", "granted": event.granted})]


def _extension_decided(told: Told, event: events.ExtensionDecided) -> list[Line]:
    asked = told.before.pending_extension if told.before is not None else None
    people = [*told.holders, *_askers(told, asked.asked if asked is not None else None)]
    data: dict[str, Code] = {"what": "extension", "granted": event.granted, "due": _iso(event.due)}
    return [(NoticeKind.DECIDED, people, data | {"upstream": event.upstream})]


def _void_refused(told: Told, event: events.VoidRefused) -> list[Line]:
    asked = told.before.pending_void if told.before is not None else None
    return [(NoticeKind.DECIDED, _askers(told, asked), {"what": "void", "granted": False})]


def _appealed(told: Told, event: events.AppealRequested) -> list[Line]:
    data: dict[str, Code] = {"what": "appeal", "verdict": event.verdict.value}
    return [(NoticeKind.REQUESTED, [LEADER], data | {"round": event.round})]


def _appeal_decided(told: Told, event: events.AppealDecided) -> list[Line]:
    """The unit that appealed, and the person."""
    claim = Claim(event.verdict, event.round)
    asked = pending_appeal(told.before, claim) if told.before is not None else None
    data: dict[str, Code] = {"what": "appeal", "verdict": event.verdict.value}
    people = _askers(told, None if asked is None else asked.asked)
    data |= {"round": event.round, "granted": event.granted}
    return [(NoticeKind.DECIDED, people, data)]


def _exclusion_decided(told: Told, event: events.ExclusionDecided) -> list[Line]:
    """Who asked; where granted also the units whose figures it changes."""
    asked = told.before.pending_exclusion if told.before is not None else None
    people = _askers(told, None if asked is None else asked.asked)
    rounds = range(1, told.ticket.round + 1) if event.granted else ()
    led = [unit for one in rounds if (unit := told.ticket.led_by(one)) is not None]
    people += [one for unit in led for one in told.unit(unit)]
    data: dict[str, Code] = {"what": "exclusion", "reason_code": event.reason_code.value}
    return [(NoticeKind.DECIDED, people, data | {"granted": event.granted})]


def _askers(told: Told, asked: Asked | None) -> list[Addressee]:
    """The unit or the desk that asked, and the person who did."""
    if asked is None:
        return [DESK]
    unit = told.unit(asked.unit) if asked.unit is not None else [DESK]
    return [*unit, Addressee(AddresseeKind.PERSON, asked.by)]


def _over(kind: NoticeKind) -> Teller:
    """Nothing is left to do for those who had a part in it."""

    def tell(told: Told, event: events.Event) -> list[Line]:
        parts = replace(told, ticket=told.before).parts if told.before is not None else []
        return [(kind, parts, {})]

    return tell


def _iso(at: datetime | None) -> str | None:
    return None if at is None else in_city(at).isoformat()


TELLERS: Mapping[type[events.Event], Teller] = MappingProxyType(
    {
        events.TicketReceived: _urgency,
        events.TicketUpdated: _urgency,
        events.TicketTriaged: _urgency,
        events.TicketDispatched: _dispatched,
        events.TicketUrged: _urged,
        events.TicketSupervised: _supervised,
        events.TicketEscalated: _escalated,
        events.ClockWarned: _warned,
        events.ClockMissed: _missed,
        events.FeedbackRejected: _feedback_rejected,
        events.ReworkOpened: _rework,
        events.ReturnRequested: _requested("return", DESK),
        events.ReturnDecided: _return_decided,
        events.ExtensionRequested: _requested("extension", LEADER),
        events.ExtensionDecided: _extension_decided,
        events.VoidRequested: _requested("void", LEADER),
        events.VoidRefused: _void_refused,
        events.AppealRequested: _appealed,
        events.AppealDecided: _appeal_decided,
        events.ExclusionRequested: _requested("exclusion", LEADER),
        events.ExclusionDecided: _exclusion_decided,
        events.TicketMerged: _over(NoticeKind.MERGED),
        events.ReturnedUpstream: _over(NoticeKind.RETURNED_UPSTREAM),
        events.TicketVoided: _over(NoticeKind.VOIDED),
    }
)
