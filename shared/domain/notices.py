"""Notices: who must be told what, how urgently and by when. Pure; codes, ids and times only.

A notice is a hint that some channel carries later: it names the ticket by its number and never
the caller, nor anything anybody wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.calendar import in_city
from shared.domain.emergency import Emergency
from shared.domain.events import Code
from shared.domain.limits import Window
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import Role, UnitKind, Urgency


class NoticeKind(StrEnum):
    """What a person is told of."""

    URGENT_RECEIVED = "urgent_received"
    DISPATCHED = "dispatched"
    URGED = "urged"
    SUPERVISED = "supervised"
    ESCALATED = "escalated"
    WARNED = "warned"
    MISSED = "missed"
    FEEDBACK_REJECTED = "feedback_rejected"
    REWORK = "rework"
    REQUESTED = "requested"
    DECIDED = "decided"
    MERGED = "merged"
    RETURNED_UPSTREAM = "returned_upstream"
    VOIDED = "voided"
    EMERGENCY_PUSHED = "emergency_pushed"
    EMERGENCY_DECLARED = "emergency_declared"
    EMERGENCY_ENDED = "emergency_ended"
    RECEIVER_DISABLED = "receiver_disabled"


class NoticeUrgency(StrEnum):
    """`immediate`: at any hour; else when the duty window next opens."""

    IMMEDIATE = "immediate"
    NORMAL = "normal"


class AddresseeKind(StrEnum):
    UNIT = "unit"
    ROLE = "role"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Addressee:
    """`id`: a unit's, a role, or a person's name as their key gives it."""

    kind: AddresseeKind
    id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """`tell_by`: by when the addressee is to know of it."""

    kind: NoticeKind
    to: Addressee
    urgency: NoticeUrgency
    tell_by: datetime
    data: Mapping[str, Code] = field(default_factory=dict)


DESK = Addressee(AddresseeKind.ROLE, Role.DESK.value)
LEADER = Addressee(AddresseeKind.ROLE, Role.LEADER.value)


@dataclass(frozen=True, slots=True)
class Told:
    """One event on one ticket: `before` and after it, told at `at`."""

    before: Ticket | None
    ticket: Ticket
    rulebook: Rulebook
    at: datetime

    def unit(self, unit: str) -> list[Addressee]:
        """A unit that is complained of is told of nothing."""
        return [] if unit == self.ticket.object_unit else [Addressee(AddresseeKind.UNIT, unit)]

    @property
    def holders(self) -> list[Addressee]:
        """Who has the ticket in hand: its lead; the desk while it has none."""
        lead = self.ticket.lead
        return (self.unit(lead.unit) if lead is not None else []) or [DESK]

    @property
    def parts(self) -> list[Addressee]:
        """Lead and assists."""
        lead = self.ticket.lead
        units = [] if lead is None else [lead.unit]
        units += [assist.unit for assist in self.ticket.assists]
        return [one for unit in units for one in self.unit(unit)]

    @property
    def section(self) -> list[Addressee]:
        """The section that answers for it: its lead, if one, else the one of its trade."""
        units, lead = self.rulebook.units, self.ticket.lead
        found = units.get(lead.unit) if lead is not None else None
        if found is None or found.kind is not UnitKind.SECTION:
            found = next(
                (
                    one
                    for one in units.values()
                    if one.kind is UnitKind.SECTION and self.ticket.trade in one.trades
                ),
                None,
            )
        return self.unit(found.unit_id) if found is not None else []

    @property
    def plan(self) -> Emergency | None:
        """The emergency plan in force that the ticket is under."""
        plans = self.rulebook.emergencies_of(self.ticket) if self.ticket.emergencies else []
        return next((one for one in reversed(plans) if one.is_active(self.at)), None)

    def call_from(self) -> str:
        """When a citizen may be called: urgent matters at any hour, others in the call hours."""
        if self.ticket.urgency is not Urgency.NORMAL:
            return in_city(self.at).isoformat()
        hours = self.rulebook.limits_at(self.at).window("call_hours")
        return hours.next_opening(self.at).isoformat()

    def formal_by(self) -> str:
        """The formal report follows the first one on the next workday."""
        return self.rulebook.calendar_at(self.at).end_of_workday_after(self.at, 1).isoformat()


def timed(
    kind: NoticeKind,
    to: Addressee,
    data: Mapping[str, Code],
    *,
    pressing: bool,
    duty: Window,
    at: datetime,
) -> Notice:
    """At once where it presses, or would come too late once the duty window opens."""
    data = {name: value for name, value in data.items() if value is not None}
    opening, due = duty.next_opening(at), data.get("due")
    too_late = isinstance(due, str) and at < datetime.fromisoformat(due) <= opening
    if pressing or too_late:
        return Notice(kind, to, NoticeUrgency.IMMEDIATE, at, data)
    return Notice(kind, to, NoticeUrgency.NORMAL, opening, data)
