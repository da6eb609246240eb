"""How many tickets a rank hangs on: the fewest verdicts that, had they been others, would move it.

Of one weighted metric at a time; what is counted stays counted, and the other rows stay as they
are. A ticket done in time is not overdue, and one who is satisfied is not dissatisfied: points
for those follow. Nothing a better verdict changes makes a standing worse, so the fewest can be
found by halving.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from services.scoring.rules.ranks import OVERDUE, Entrant, Row, Standing
from services.scoring.rules.schemes import LOWER_IS_BETTER
from services.scoring.rules.tallies import Key

BEST, WORST = Decimal(1), Decimal(0)
# Counts that are exactly the tickets of one worth in a rate: they change with it.
FOLLOWS: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        "on_time_completion_rate": (OVERDUE, WORST),
        "satisfaction_score": ("dissatisfied_count", WORST),
        "repeat_rate": ("repeat_count", BEST),
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """So many tickets of that metric, and the rank would be another."""

    tickets: int
    metric: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """None where no other verdicts of one metric would move the rank that way."""

    up: Change | None
    down: Change | None


def list_sensitivities(rows: Iterable[Row]) -> dict[Key, Sensitivity]:
    """Of every ranked row, among all that were ranked together."""
    rivals: defaultdict[str | None, list[Standing]] = defaultdict(list)
    ranked = [row for row in rows if row.rank is not None]
    for row in ranked:
        rivals[row.tier].append(row.standing)
    return {row.key: _sensitivity(row, rivals[row.tier]) for row in ranked}


def _sensitivity(row: Row, standings: Sequence[Standing]) -> Sensitivity:
    entrant = row.entrant
    assert entrant is not None
    better = [one for one in standings if one > row.standing]
    others = [one for one in standings if one <= row.standing]
    others.remove(row.standing)
    up = min(better, default=None)
    down = max(others, default=None)
    return Sensitivity(
        up=None if up is None else _fewest(entrant, BEST, is_moved=lambda standing: standing >= up),
        down=None
        if down is None
        else _fewest(entrant, WORST, is_moved=lambda standing: standing < down),
    )


def _fewest(
    entrant: Entrant, target: Decimal, *, is_moved: Callable[[Standing], bool]
) -> Change | None:
    """Over all weighted metrics; of equals, the one that is weighed first."""
    found = None
    for metric in dict.fromkeys(entrant.scheme.metric_of(name) for name in entrant.scheme.weights):
        figure = entrant.tally.figures.get(metric)
        if figure is None or not figure.den:
            continue
        aim = BEST - target if metric in LOWER_IS_BETTER else target
        probe = _Probe(entrant, metric, figure.worths, aim)
        most = figure.den - figure.worths.get(aim, 0)
        tickets = probe.least(most if found is None else min(most, found.tickets - 1), is_moved)
        if tickets is not None:
            found = Change(tickets, metric)
    return found


@dataclass(frozen=True, slots=True)
class _Probe:
    """One metric whose verdicts are changed to `aim`, those farthest from it first."""

    entrant: Entrant
    metric: str
    worths: Mapping[Decimal, int]
    aim: Decimal

    def least(self, most: int, is_moved: Callable[[Standing], bool]) -> int | None:
        """The least of 1..most that moves the rank: all above one that does, do."""
        if most < 1 or not is_moved(self.standing(most)):
            return None
        low, high = 1, most
        while low < high:
            middle = (low + high) // 2
            if is_moved(self.standing(middle)):
                high = middle
            else:
                low = middle + 1
        return low

    def standing(self, tickets: int) -> Standing:
        """With that many verdicts changed."""
        figures = dict(self.entrant.tally.figures)
        old = figures[self.metric]
        figures[self.metric] = replace(old, tenths=old.tenths + self._gain(tickets))
        if self.metric in FOLLOWS:
            count, worth = FOLLOWS[self.metric]
            change = tickets if self.aim == worth else -min(tickets, self.worths.get(worth, 0))
            known = figures[count]
            figures[count] = replace(
                known, tenths=known.tenths + 10 * change, den=known.den + change
            )
        changed = replace(self.entrant, tally=replace(self.entrant.tally, figures=figures))
        return changed.row().standing

    def _gain(self, tickets: int) -> int:
        """In tenths."""
        gain, left = 0, tickets
        for worth in sorted(self.worths, key=lambda one: -abs(self.aim - one)):
            taken = min(left, self.worths[worth])
            gain += taken * int(10 * (self.aim - worth))
            left -= taken
        return gain
