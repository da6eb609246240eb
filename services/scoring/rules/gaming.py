"""Doings that look made for the figures: named for people to look into, never scored.

Many contacts of one person within minutes, feedback time and again just before its due, the same
words for one citizen after another. Each may have a good reason, so nothing follows from it here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BULK, BULK_WITHIN = 10, timedelta(minutes=10)
LAST, LAST_BEFORE = 5, timedelta(minutes=30)
COPIES = 3


class Doing(StrEnum):
    CONTACT = "contact"
    FEEDBACK = "feedback"
    REPLY = "reply"


class Flagged(StrEnum):
    BULK_CONTACTS = "bulk_contacts"
    LAST_MINUTE = "last_minute"
    COPIED_WORDS = "copied_words"


@dataclass(frozen=True, slots=True)
class Deed:
    """`unit` None is the desk. `due`: of the clock it stopped; `words`: a digest of what was said,
    None where that is too short to tell."""

    doing: Doing
    unit: str | None
    person: str
    no: str
    at: datetime
    due: datetime | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """`person` None: the unit as a whole."""

    kind: Flagged
    doing: Doing
    unit: str | None
    person: str | None
    deeds: tuple[Deed, ...]


def find_flags(deeds: Iterable[Deed]) -> list[Flag]:
    """By kind, unit and time."""
    ordered = sorted(deeds, key=lambda deed: (deed.at, deed.no))
    flags = [*bulk_contacts(ordered), *last_minutes(ordered), *copied_words(ordered)]
    return sorted(flags, key=lambda flag: (flag.kind, flag.unit or "", flag.deeds[0].at))


def bulk_contacts(deeds: Sequence[Deed]) -> Iterable[Flag]:
    """Runs of contacts, each so many of which lie close together."""
    by_person: defaultdict[tuple[str | None, str], list[Deed]] = defaultdict(list)
    for deed in deeds:
        if deed.doing is Doing.CONTACT:
            by_person[deed.unit, deed.person].append(deed)
    for (unit, person), own in by_person.items():
        for run in dense_runs(own):
            yield Flag(Flagged.BULK_CONTACTS, Doing.CONTACT, unit, person, tuple(run))


def dense_runs(deeds: Sequence[Deed]) -> Iterable[list[Deed]]:
    """The longest runs in which every deed is one of BULK within BULK_WITHIN."""
    dense = [False] * len(deeds)
    for last in range(BULK - 1, len(deeds)):
        first = last - BULK + 1
        if deeds[last].at - deeds[first].at <= BULK_WITHIN:
            dense[first : last + 1] = [True] * BULK
    run: list[Deed] = []
    for deed, belongs in zip(deeds, dense, strict=True):
        if belongs and run and deed.at - run[-1].at > BULK_WITHIN:
            yield run
            run = []
        if belongs:
            run.append(deed)
        elif run:
            yield run
            run = []
    if run:
        yield run


def last_minutes(deeds: Sequence[Deed]) -> Iterable[Flag]:
    by_unit: defaultdict[str | None, list[Deed]] = defaultdict(list)
    for deed in deeds:
        is_late = deed.due is not None and timedelta() <= deed.due - deed.at <= LAST_BEFORE
        if deed.doing is Doing.FEEDBACK and is_late:
            by_unit[deed.unit].append(deed)
    for unit, own in by_unit.items():
        if len(own) >= LAST:
            yield Flag(Flagged.LAST_MINUTE, Doing.FEEDBACK, unit, None, tuple(own))


def copied_words(deeds: Sequence[Deed]) -> Iterable[Flag]:
    by_words: defaultdict[tuple[Doing, str | None, str], list[Deed]] = defaultdict(list)
    for deed in deeds:
        if deed.words is not None:
            by_words[deed.doing, deed.unit, deed.words].append(deed)
    for (doing, unit, _), own in by_words.items():
        if len({deed.no for deed in own}) >= COPIES:
            persons = {deed.person for deed in own}
            person = persons.pop() if len(persons) == 1 else None
            yield Flag(Flagged.COPIED_WORDS, doing, unit, person, tuple(own))
