"""Tallies: the metrics of many facts, added up by unit, street or whatever is asked."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from services.scoring.rules.fact import Fact
from services.scoring.rules.metrics import METRICS, RATES, Verdict, judge
from services.scoring.rules.periods import Period

Key = str | None


@dataclass(slots=True)
class Figure:
    """One metric of one group. `excluded` counts rounds by the reason they stay out."""

    num: Decimal = Decimal(0)
    den: int = 0
    excluded: dict[str, int] = field(default_factory=dict)

    @property
    def share(self) -> Fraction | None:
        """num/den, exactly; None, never 0 or 1, where nothing is counted."""
        return Fraction(self.num) / self.den if self.den else None

    def add(self, verdict: Verdict) -> None:
        if verdict.worth is not None:
            self.num += verdict.worth
            self.den += 1
        elif verdict.reason is not None:
            self.excluded[verdict.reason] = self.excluded.get(verdict.reason, 0) + 1

    def include(self, other: "Figure") -> None:
        self.num += other.num
        self.den += other.den
        for reason, count in other.excluded.items():
            self.excluded[reason] = self.excluded.get(reason, 0) + count


def _no_figures() -> dict[str, Figure]:
    return {metric.id: Figure() for metric in METRICS}


@dataclass(slots=True)
class Tally:
    """Every metric of one group of facts."""

    figures: dict[str, Figure] = field(default_factory=_no_figures)

    @property
    def is_empty(self) -> bool:
        """Nothing received and nothing measured (ruling 41)."""
        return not any(self.figures[metric].den for metric in ("intake", *RATES))

    def count(self, metric: str) -> int:
        return self.figures[metric].den

    def include(self, other: "Tally") -> None:
        for metric, figure in other.figures.items():
            self.figures[metric].include(figure)


def _within_unit(name: str) -> Callable[[Fact], Key]:
    """Sections and people are told apart inside their unit; unknown without either."""

    def key(fact: Fact) -> Key:
        part = getattr(fact, name)
        return f"{fact.unit}/{part}" if fact.unit is not None and part is not None else None

    return key


def _own(name: str) -> Callable[[Fact], Key]:
    def key(fact: Fact) -> Key:
        value: Key = getattr(fact, name)
        return value

    return key


KEYS: Mapping[str, Callable[[Fact], Key]] = MappingProxyType(
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


def tally(
    facts: Iterable[Fact], by: str, *, period: Period, known_at: datetime
) -> dict[Key, Tally]:
    """Groups in order of their key, the unknown last; those without any figure are left out."""
    key_of = KEYS[by]
    groups: defaultdict[Key, Tally] = defaultdict(Tally)
    for fact in facts:
        figures = groups[key_of(fact)].figures
        for metric in METRICS:
            verdict = judge(metric, fact, period=period, known_at=known_at)
            if verdict is not None:
                figures[metric.id].add(verdict)
    ordered = sorted(groups, key=lambda key: (key is None, key or ""))
    return {key: groups[key] for key in ordered if not groups[key].is_empty}


def total(tallies: Iterable[Tally]) -> Tally:
    result = Tally()
    for one in tallies:
        result.include(one)
    return result
