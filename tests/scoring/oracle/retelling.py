"""The log of one ticket retold, entry by entry: what is known of it and of each of its rounds.

An entry is a plain dict with `seq`, `type`, `occurred_at`, `recorded_at`, `data` and `clocks`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RawEntry = dict[str, Any]
GONE = ("ticket.voided", "ticket.merged", "ticket.returned_upstream")
OF_THE_TICKET = ("street", "appeal_type", "need_reply", "is_anonymous", "has_phone")


@dataclass
class Round:
    """`clocks` holds every clock of the round in the order told; a later word replaces."""

    number: int
    opened_at: datetime
    trade: str | None
    category: str | None
    unit: str | None = None
    section: str | None = None
    executor: str | None = None
    dispatched_at: datetime | None = None
    accepted_at: datetime | None = None
    completed_at: datetime | None = None
    replied_at: datetime | None = None
    feedback: dict[str, Any] | None = None
    follow_ups: list[tuple[datetime, int, dict[str, Any]]] = field(default_factory=list)
    returns: int = 0
    wrong_returns: int = 0
    extended: bool = False
    is_followed: bool = False
    appeals: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    clocks: list[dict[str, Any]] = field(default_factory=list)

    def clock(self, name: str, unit: str | None = None) -> dict[str, Any] | None:
        """The one begun last."""
        found = None
        for one in self.clocks:
            if one["name"] != name or one["unit"] != unit:
                continue
            if found is None or one["ordinal"] > found["ordinal"]:
                found = one
        return found

    def due(self, name: str, unit: str | None = None) -> datetime | None:
        clock = self.clock(name, unit)
        return None if clock is None or clock["due"] is None else moment(clock["due"])


@dataclass
class Ticket:
    no: str
    source: str
    received_at: datetime
    street: str | None
    appeal_type: str
    need_reply: bool
    is_anonymous: bool
    has_phone: bool
    rounds: list[Round]
    repeat_of: str | None = None
    is_gone: bool = False
    had_emergency: bool = False
    excluded_for: str | None = None
    is_exclusion_pending: bool = False
    asked_upstream: bool = False

    @property
    def has_nobody(self) -> bool:
        """Ruling 14: anonymous and without a phone."""
        return self.is_anonymous and not self.has_phone


def moment(word: str) -> datetime:
    return datetime.fromisoformat(word)


def retell(log: Iterable[RawEntry], known_at: datetime) -> Ticket | None:
    """What was recorded at or before `known_at`; an entry is known once all before it are."""
    ticket: Ticket | None = None
    expected = 1
    for entry in sorted(log, key=lambda entry: int(entry["seq"])):
        if entry["seq"] != expected or entry["recorded_at"] > known_at:
            break
        expected += 1
        ticket = receive(entry) if ticket is None else ticket
        if entry["seq"] > 1:
            tell(ticket, entry)
        if entry["data"].get("emergency") is not None:
            ticket.had_emergency = True
        for clock in entry["clocks"] or ():
            put_clock(ticket, clock)
    return ticket


def receive(entry: RawEntry) -> Ticket:
    data = entry["data"]
    received_at = moment(data["received_at"])
    return Ticket(
        no=data["no"],
        source=data["source"],
        received_at=received_at,
        street=data.get("street"),
        appeal_type=data["appeal_type"],
        need_reply=data["need_reply"],
        is_anonymous=data["is_anonymous"],
        has_phone=data["has_phone"],
        rounds=[Round(1, received_at, data.get("trade"), data.get("category"))],
    )


def put_clock(ticket: Ticket, clock: dict[str, Any]) -> None:
    for one in ticket.rounds:
        if one.number == clock["round"]:
            same = [
                old
                for old in one.clocks
                if (old["name"], old["ordinal"]) == (clock["name"], clock["ordinal"])
            ]
            for old in same:
                one.clocks.remove(old)
            one.clocks.append(clock)


def tell(ticket: Ticket, entry: RawEntry) -> None:
    tell_of_ticket(ticket, entry["type"], entry["data"])
    tell_of_decision(ticket, entry["type"], entry["data"])
    tell_of_argument(ticket, entry["type"], entry["data"])
    if entry["type"] == "ticket.rework_opened":
        last = ticket.rounds[-1]
        number, at = entry["data"]["round"], entry["occurred_at"]
        last.is_followed = True
        ticket.rounds.append(Round(number, at, last.trade, last.category))
    else:
        tell_of_unit(ticket.rounds[-1], entry)
        tell_of_outcome(ticket.rounds[-1], entry)


def tell_of_ticket(ticket: Ticket, kind: str, data: dict[str, Any]) -> None:
    if kind in GONE:
        ticket.is_gone = True
    elif kind == "ticket.updated":
        update(ticket, data["changes"])
    elif kind == "ticket.repeat_linked":
        ticket.repeat_of = data["root"]
    elif kind == "ticket.matter_left" and data.get("ends_repeat"):
        ticket.repeat_of = None


def tell_of_decision(ticket: Ticket, kind: str, data: dict[str, Any]) -> None:
    """Of what was asked for; the platform may refuse to take back, and is not the desk."""
    if kind == "ticket.return_upstream_requested":
        ticket.asked_upstream = True
    elif kind == "ticket.return_requested":
        ticket.asked_upstream = False
    elif kind == "ticket.return_decided" and not data["granted"]:
        ticket.rounds[-1].wrong_returns += 0 if ticket.asked_upstream else 1


def tell_of_argument(ticket: Ticket, kind: str, data: dict[str, Any]) -> None:
    """What was once granted stands, whatever is asked for later."""
    if kind == "ticket.exclusion_requested":
        ticket.is_exclusion_pending = True
    elif kind == "ticket.exclusion_decided":
        ticket.is_exclusion_pending = False
        if data["granted"]:
            ticket.excluded_for = data["reason_code"]
    for one in ticket.rounds:
        if kind == "ticket.appealed" and one.number == data["round"]:
            one.pending.add(data["verdict"])
        if kind == "ticket.appeal_decided" and one.number == data["round"]:
            one.pending.discard(data["verdict"])
            if data["granted"]:
                one.appeals.add(data["verdict"])


def update(ticket: Ticket, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if name in OF_THE_TICKET:
            setattr(ticket, name, value)
        if name == "trade":
            ticket.rounds[-1].trade = value
        if name == "category":
            ticket.rounds[-1].category = value


def tell_of_unit(now: Round, entry: RawEntry) -> None:
    kind, data = entry["type"], entry["data"]
    if kind == "ticket.triaged":
        now.trade, now.category = data["trade"], data["category"]
    elif kind == "ticket.dispatched":
        now.unit, now.section, now.executor = data["lead"], None, None
        now.dispatched_at, now.accepted_at = entry["occurred_at"], None
    elif kind == "ticket.accepted":
        now.section, now.executor = data.get("section"), data["executor"]
        now.accepted_at = entry["occurred_at"]
    elif kind == "ticket.return_requested":
        now.returns += 1
    elif kind == "ticket.extension_decided" and data["granted"] and data.get("upstream"):
        now.extended = True


def tell_of_outcome(now: Round, entry: RawEntry) -> None:
    kind, data, at = entry["type"], entry["data"], entry["occurred_at"]
    if kind == "ticket.feedback_submitted":
        now.feedback = data
    elif kind == "ticket.feedback_rejected":
        now.feedback = None
    elif kind == "ticket.replied":
        now.replied_at = at
    elif kind == "ticket.completed":
        now.completed_at = at
    elif kind == "ticket.followed_up":
        now.follow_ups.append((at, entry["seq"], data))
