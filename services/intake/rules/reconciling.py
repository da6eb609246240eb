"""What differs between a platform's list and ours (对账), and what becomes of the open cases."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.words import TicketState

A_SECOND = timedelta(seconds=1)
# What a platform has taken back it need not list any more.
TAKEN_BACK = frozenset({TicketState.VOIDED, TicketState.RETURNED_UPSTREAM})


class CaseKind(StrEnum):
    """`held`: its message is here and not yet, or not to be, a ticket (已收未入)."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    HELD = "held"
    DIFFERS = "differs"


class CaseState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"


class Field(StrEnum):
    STATE = "state"
    RECEIVED_AT = "received_at"
    COMPLETED_AT = "completed_at"


class Verdict(StrEnum):
    """What a list says about a case."""

    OPENED = "opened"
    REOPENED = "reopened"
    CHANGED = "changed"
    SEEN = "seen"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Theirs:
    """A line of the list. What is not said of completion is not compared."""

    upstream_no: str
    state: str
    received_at: datetime
    completed_at: datetime | None = None
    tells_completion: bool = True


@dataclass(frozen=True, slots=True)
class Ours:
    """A number as the platform's own view shows it.

    `received_at` is what this platform said with this very number: None where it never did.
    `completions`: a merged number may be known by its own completion or by its master's.
    """

    upstream_no: str
    ticket_id: int
    no: str
    state: str
    received_at: datetime | None
    day: date | None
    completions: tuple[datetime | None, ...]
    first_owed: int | None = None
    has_parked: bool = False

    @property
    def completed_at(self) -> datetime | None:
        return self.completions[0]


@dataclass(frozen=True, slots=True)
class Held:
    """A message of this number that has not become a ticket."""

    receipt: str
    status: str


@dataclass(frozen=True, slots=True)
class Told:
    """A state that a ticket was in since the platform was last told."""

    state: str
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    upstream_no: str
    kind: CaseKind
    fields: tuple[Field, ...] = ()
    theirs: Theirs | None = None
    ours: Ours | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`on_the_way`: numbers of which neither side can yet be told wrong."""

    findings: tuple[Finding, ...]
    on_the_way: tuple[Finding, ...]
    same: int


def is_same_second(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < A_SECOND


def differing_fields(theirs: Theirs, ours: Ours, day: date) -> Iterator[Field]:
    if theirs.state != ours.state:
        yield Field.STATE
    if ours.received_at is not None and not (
        is_same_second(theirs.received_at, ours.received_at) and ours.day == day
    ):
        yield Field.RECEIVED_AT
    if theirs.tells_completion and not any(
        is_same_second(theirs.completed_at, one) for one in ours.completions
    ):
        yield Field.COMPLETED_AT


def compare(
    day: date,
    listed: Sequence[Theirs],
    known: Mapping[str, Ours],
    held: Mapping[str, Held],
    *,
    elsewhere: Collection[str],
) -> Comparison:
    """One list against what we hold. `elsewhere`: numbers that lists of other days have."""
    findings: list[Finding] = []
    for theirs in listed:
        no = theirs.upstream_no
        ours = known.get(no)
        if ours is not None:
            fields = tuple(differing_fields(theirs, ours, day))
            if fields:
                findings.append(Finding(no, CaseKind.DIFFERS, fields, theirs, ours))
        elif no in held:
            findings.append(Finding(no, CaseKind.HELD, (), theirs, held=held[no]))
        else:
            findings.append(Finding(no, CaseKind.MISSING_HERE, (), theirs))
    numbers = {one.upstream_no for one in listed}
    same = len(listed) - len(findings)
    findings += [
        Finding(no, CaseKind.MISSING_THERE, ours=ours)
        for no, ours in sorted(known.items())
        if ours.day == day
        and no not in numbers
        and no not in elsewhere
        and ours.state not in TAKEN_BACK
    ]
    return Comparison(tuple(findings), (), same)


def setting_apart(
    found: Comparison, told: Mapping[int, Sequence[Told]], *, newer: Collection[str]
) -> Comparison:
    """Takes out what is on its way: states not yet told, numbers that came after the list."""
    findings, on_the_way = [], []
    for one in found.findings:
        rest = tuple(remaining_fields(one, told))
        if one.kind is CaseKind.DIFFERS and rest != one.fields:
            on_the_way.append(one)
            if not rest:
                continue
            one = Finding(one.upstream_no, one.kind, rest, one.theirs, one.ours)  # noqa: PLW2901
        elif one.kind is CaseKind.MISSING_THERE and one.upstream_no in newer:
            on_the_way.append(one)
            continue
        findings.append(one)
    return Comparison(tuple(findings), tuple(on_the_way), found.same)


def remaining_fields(one: Finding, told: Mapping[int, Sequence[Told]]) -> Iterator[Field]:
    """What stays a difference when the platform is taken at what it was last told, or since."""
    theirs, ours = one.theirs, one.ours
    passed = told.get(ours.ticket_id, ()) if ours is not None else ()
    is_on_the_way = theirs is not None and any(
        theirs.state == then.state
        and (not theirs.tells_completion or is_same_second(theirs.completed_at, then.completed_at))
        for then in passed
    )
    for field in one.fields:
        if field is Field.RECEIVED_AT or not is_on_the_way:
            yield field


def judge(
    state: CaseState | None, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Verdict | None:
    """What a list means for a case that says `before`, where it now says `now` (None: nothing).

    What a person has accepted stays accepted while it stays what it was.
    """
    if now is None:
        return Verdict.RESOLVED if state in (CaseState.OPEN, CaseState.ACCEPTED) else None
    if state is None:
        return Verdict.OPENED
    if state is CaseState.RESOLVED:
        return Verdict.REOPENED
    if before == now:
        return Verdict.SEEN
    return Verdict.REOPENED if state is CaseState.ACCEPTED else Verdict.CHANGED


def needs_message(finding: Finding) -> bool:
    """Whether the platform can help by pushing its first message again."""
    if finding.kind is CaseKind.HELD:
        return finding.held is not None and finding.held.status == "waiting"
    return finding.kind is CaseKind.MISSING_HERE


def days_to_pull(today: date, *, last: date | None, days: int, most: int = 31) -> tuple[date, ...]:
    """The days before today, the oldest first; more of them after nights without a sweep."""
    wanted = days if last is None else max(days, (today - last).days)
    return tuple(today - timedelta(days=back) for back in range(min(wanted, most), 0, -1))
