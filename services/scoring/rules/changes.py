"""What moved between two views of a period, round by round, and which entries made it so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scoring.rules.marks import NOTHING
from services.scoring.rules.metrics import METRICS, Dated, Due
from services.scoring.rules.tallies import KEYS, Key

BYS = tuple(KEYS)
UNIT = BYS.index("unit")
DATES = tuple(Dated)
DUES = tuple(Due)


@dataclass(frozen=True, slots=True)
class View:
    """All that was known at an instant; `revision`: as it was frozen."""

    known_at: datetime
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One round in a view: its marks as far as they counted there, and its key in every `by`."""

    seq: int
    marks: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after`: None where the round was in none of the period's figures."""

    ticket_id: int
    no: str
    round: int
    before: Place | None
    after: Place | None

    @property
    def moved(self) -> tuple[int, ...]:
        """The groupings in which it has gone to another key."""
        if self.before is None or self.after is None:
            return ()
        keys = zip(self.before.keys, self.after.keys, strict=True)
        return tuple(n for n, (before, after) in enumerate(keys) if before != after)

    def letters(self, number: int) -> tuple[str, str]:
        """What the round bore and bears in that metric."""
        before = NOTHING if self.before is None else self.before.marks[number]
        after = NOTHING if self.after is None else self.after.marks[number]
        return before, after

    def changed(self) -> Iterator[int]:
        """The metrics, by number, whose figures the change has moved."""
        for number in range(len(METRICS)):
            before, after = self.letters(number)
            if before != after or (before != NOTHING and self.moved):
                yield number


@dataclass(frozen=True, slots=True)
class State:
    """One state a round has had; months and dues in the order of `Dated` and `Due`."""

    seq: int
    known_from: datetime
    marks: str
    keys: tuple[Key, ...]
    months: tuple[int | None, ...]
    dues: tuple[datetime | None, ...]

    def seen_by(self, number: int) -> tuple[object, ...]:
        """What of it the metric depends on."""
        metric = METRICS[number]
        letter = self.marks[number]
        if letter == NOTHING:
            return (NOTHING,)
        due = None if metric.due is None else self.dues[DUES.index(metric.due)]
        return (letter, self.months[DATES.index(metric.dated)], due, self.keys)


def entries_behind(
    change: Change, number: int, states: Sequence[State], *, since: View, until: View
) -> list[int]:
    """The sequence numbers of the entries between the views that moved the figure.

    None where only time has passed: a due has come.
    """
    first = _last_seq(states, since, change.before)
    last = _last_seq(states, until, change.after)
    was: tuple[object, ...] = (NOTHING,)
    found = []
    for state in states:
        if state.seq > last:
            break
        seen = state.seen_by(number)
        if state.seq > first and seen != was:
            found.append(state.seq)
        was = seen
    return found


def _last_seq(states: Iterable[State], view: View, place: Place | None) -> int:
    """The entry up to which the round was known."""
    if place is not None:
        return place.seq
    return max((one.seq for one in states if one.known_from <= view.known_at), default=0)
