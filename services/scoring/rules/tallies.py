"""Tallies: the metrics of many rounds, added up by unit, street or whatever is asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from services.scoring.rules.marks import NOTHING, VERDICTS, Marked
from services.scoring.rules.metrics import METRICS, Dated, Due, Metric
from services.scoring.rules.periods import Period
from services.scoring.rules.verdicts import Verdict

Key = str | None


@dataclass(slots=True)
class Figure:
    """One metric of one group. `tenths`: ten times the numerator, a whole number.

    `excluded` counts rounds by the reason they stay out. `worths`: how many of those counted add
    how much to the numerator.
    """

    tenths: int = 0
    den: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    worths: dict[Decimal, int] = field(default_factory=dict)

    @property
    def num(self) -> Decimal:
        return Decimal(self.tenths) / 10

    @property
    def share(self) -> Fraction | None:
        """num/den, exactly; None, never 0 or 1, where nothing is counted."""
        return Fraction(self.tenths, 10 * self.den) if self.den else None

    @property
    def percent(self) -> str | None:
        """100·num/den, half up to two places; None where nothing is counted."""
        if not self.den:
            return None
        hundredths = (2000 * self.tenths + self.den) // (2 * self.den)
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    def add(self, verdict: Verdict, rounds: int = 1) -> None:
        if verdict.worth is not None:
            self.tenths += int(verdict.worth * 10) * rounds
            self.den += rounds
            self.worths[verdict.worth] = self.worths.get(verdict.worth, 0) + rounds
        elif verdict.reason is not None:
            left = self.excluded.get(verdict.reason, 0) + rounds
            self.excluded[verdict.reason] = left
            if not left:
                del self.excluded[verdict.reason]

    def include(self, other: "Figure") -> None:
        self.tenths += other.tenths
        self.den += other.den
        for reason, count in other.excluded.items():
            self.excluded[reason] = self.excluded.get(reason, 0) + count
        for worth, count in other.worths.items():
            self.worths[worth] = self.worths.get(worth, 0) + count


def _no_figures() -> dict[str, Figure]:
    return {metric.id: Figure() for metric in METRICS}


@dataclass(slots=True)
class Tally:
    """Every metric of one group of rounds."""

    figures: dict[str, Figure] = field(default_factory=_no_figures)

    @property
    def is_empty(self) -> bool:
        """Nothing counted and nothing left out: what is excluded is shown too (ruling 40)."""
        return not any(one.den or one.excluded for one in self.figures.values())

    def count(self, metric: str) -> int:
        return self.figures[metric].den

    def include(self, other: "Tally") -> None:
        for metric, figure in other.figures.items():
            self.figures[metric].include(figure)


@dataclass(frozen=True, slots=True)
class Seen:
    """Which of a round's marks count in a period, and how many rounds are marked just so.

    `dates`: what of it lies in the period; `dues`: which of its dues have come.
    """

    dates: frozenset[Dated]
    dues: frozenset[Due]
    marks: str
    rounds: int = 1

    def letter(self, metric: Metric) -> str:
        """The mark that counts in the metric; NOTHING where none does."""
        counts = metric.dated in self.dates and (metric.due is None or metric.due in self.dues)
        return self.marks[METRICS.index(metric)] if counts else NOTHING

    def add_to(self, tally: Tally) -> None:
        for metric, letter in zip(METRICS, self.marks, strict=True):
            if letter == NOTHING or metric.dated not in self.dates:
                continue
            if metric.due is None or metric.due in self.dues:
                tally.figures[metric.id].add(VERDICTS[letter], self.rounds)


def seen(state: Marked, period: Period, known_at: datetime, *, adjusted: bool = True) -> Seen:
    """What of one round counts in the period, as known then."""
    months = period.months
    dates = frozenset(one for one in Dated if getattr(state, f"{one.value}_month") in months)
    waits = {one: getattr(state, f"{one.value}_from") for one in Due}
    dues = frozenset(one for one, at in waits.items() if at is None or at <= known_at)
    plain = state.marks if adjusted else state.plain_marks or state.marks
    return Seen(dates, dues, plain)


def _within_unit(name: str) -> Callable[[Marked], Key]:
    """Sections and people are told apart inside their unit; unknown without either."""

    def key(state: Marked) -> Key:
        part = getattr(state, name)
        return f"{state.unit}/{part}" if state.unit is not None and part is not None else None

    return key


def _own(name: str) -> Callable[[Marked], Key]:
    def key(state: Marked) -> Key:
        value: Key = getattr(state, name)
        return value

    return key


KEYS: Mapping[str, Callable[[Marked], Key]] = MappingProxyType(
    {
        "unit": _own("unit"),
        "section": _within_unit("section"),
        "executor": _within_unit("executor"),
        "trade": _own("trade"),
        "street": _own("street"),
        "source": _own("source"),
        "category": _own("category"),
    }
)


def ordered(tallies: Mapping[Key, Tally]) -> dict[Key, Tally]:
    """In order of their key, the unknown last; those without any figure are left out."""
    keys = sorted(tallies, key=lambda key: (key is None, key or ""))
    return {key: tallies[key] for key in keys if not tallies[key].is_empty}


def total(tallies: Iterable[Tally]) -> Tally:
    result = Tally()
    for one in tallies:
        result.include(one)
    return result
