"""Whether the figures agree with each other, and with what they are counted from."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from services.scoring.actions.scores import Question, add_seen, ask, read_sheet, read_tallies
from services.scoring.queries.checking import count_facts
from services.scoring.queries.counting import Wanted, count_frozen, count_then
from services.scoring.rules.freezing import Freeze, Sheets, figures_hash
from services.scoring.rules.metrics import METRICS, Measure
from services.scoring.rules.periods import Period
from services.scoring.rules.schemes import Scheme
from services.scoring.rules.tallies import KEYS, Figure, Key, Seen, Tally, total
from shared.db import Tx
from shared.domain.rulebook import Unit

Counting = Callable[[Tx, Wanted, str], Awaitable[list[tuple[Key, Seen]]]]


class Check(StrEnum):
    """What is proved, in this order."""

    ROWS = "rows_add_up_to_total"
    GROUPINGS = "groupings_have_one_total"
    PARTS = "numerators_within_denominators"
    STATES = "sums_equal_states"
    FACTS = "sums_equal_facts"
    COPY = "frozen_sums_equal_frozen_states"
    HASH = "frozen_figures_have_their_hash"


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure told in two ways. `key` is empty where a total is meant."""

    by: str
    key: Key
    metric: str
    told: Figure
    counted: Figure
    is_total: bool = False


@dataclass(slots=True)
class Result:
    """`figures`: how many were compared."""

    check: Check
    figures: int = 0
    differences: list[Difference] = field(default_factory=list)

    def compare(
        self, by: str, key: Key, told: Tally, counted: Tally, *, whole: bool = False
    ) -> None:
        for metric in METRICS:
            self.figures += 1
            left, right = told.figures[metric.id], counted.figures[metric.id]
            if left != right:
                self.differences.append(Difference(by, key, metric.id, left, right, whole))

    def compare_sheets(self, told: Sheets, counted: Sheets) -> None:
        for by in KEYS:
            for key in _keys(told[by], counted[by]):
                self.compare(by, key, told[by].get(key, Tally()), counted[by].get(key, Tally()))


def _keys(*sheets: Mapping[Key, Tally]) -> list[Key]:
    found = {key for sheet in sheets for key in sheet}
    return sorted(found, key=lambda key: (key is None, key or ""))


@dataclass(frozen=True, slots=True)
class Asking:
    """What every check asks with. A frozen month is checked as it is answered: frozen."""

    tx: Tx
    period: Period
    scheme: Scheme
    units: Mapping[str, Unit]
    freeze: Freeze | None

    def question(self, by: str, *, freeze: Freeze | None) -> Question:
        return Question(self.period, by, scope=None, freeze=freeze)


async def check_period(asking: Asking) -> list[Result]:
    """Live figures against states and facts; those of a frozen month against its copy too."""
    live = await read_sheets(asking, freeze=None)
    answered = live if asking.freeze is None else await read_sheets(asking, freeze=asking.freeze)
    results = [
        await check_rows(asking),
        check_groupings(answered),
        check_parts(answered),
        await check_live(asking, live, Check.STATES, count_then),
        await check_live(asking, live, Check.FACTS, count_facts),
    ]
    if asking.freeze is not None and asking.freeze.manifest is not None:
        results += await check_copy(asking, asking.freeze, answered)
    return results


async def read_sheets(asking: Asking, *, freeze: Freeze | None) -> Sheets:
    found = {}
    for by in KEYS:
        question = asking.question(by, freeze=freeze)
        asked = await ask(asking.tx, question, scope=None)
        found[by] = await read_tallies(asking.tx, question, asked)
    return found


async def check_rows(asking: Asking) -> Result:
    """Of the very sheets that are answered."""
    result = Result(Check.ROWS)
    for by in KEYS:
        question = asking.question(by, freeze=asking.freeze)
        sheet = await read_sheet(asking.tx, question, scheme=asking.scheme, units=asking.units)
        added = total(row.tally for row in sheet.rows)
        result.compare(by, None, sheet.total.tally, added, whole=True)
    return result


def check_groupings(sheets: Sheets) -> Result:
    """Whatever the rounds are told apart by, all of them are the same."""
    result = Result(Check.GROUPINGS)
    totals = {by: total(tallies.values()) for by, tallies in sheets.items()}
    first = totals["unit"]
    for by, one in totals.items():
        result.compare(by, None, one, first, whole=True)
    return result


def check_parts(sheets: Sheets) -> Result:
    result = Result(Check.PARTS)
    for by, key, metric, figure in _rates(sheets):
        result.figures += 1
        is_negative = figure.num < 0 or min(figure.excluded.values(), default=0) < 0
        if figure.num > figure.den or is_negative:
            result.differences.append(Difference(by, key, metric, figure, figure))
    return result


def _rates(sheets: Sheets) -> Iterator[tuple[str, Key, str, Figure]]:
    rates = [metric.id for metric in METRICS if metric.measure is not Measure.TICKETS]
    for by, tallies in sheets.items():
        for key, tally in tallies.items():
            yield from ((by, key, metric, tally.figures[metric]) for metric in rates)


async def check_live(asking: Asking, sheets: Sheets, check: Check, count: Counting) -> Result:
    """What is answered without `known_at`, counted afresh."""
    result = Result(check)
    wanted = (await ask(asking.tx, asking.question("unit", freeze=None), scope=None)).wanted
    result.compare_sheets(sheets, await counted(asking.tx, wanted, count))
    return result


async def counted(tx: Tx, wanted: Wanted, count: Counting) -> Sheets:
    return {by: add_seen({}, await count(tx, wanted, by)) for by in KEYS}


async def check_copy(asking: Asking, freeze: Freeze, sheets: Sheets) -> Sequence[Result]:
    """The frozen sums against the frozen rounds, and their hash against the manifest's."""
    copy, hashed = Result(Check.COPY), Result(Check.HASH, figures=1)
    wanted = (await ask(asking.tx, asking.question("unit", freeze=freeze), scope=None)).wanted
    copy.compare_sheets(sheets, await counted(asking.tx, wanted, count_frozen))
    assert freeze.manifest is not None
    if figures_hash(sheets) != freeze.manifest.sha256:
        hashed.differences.append(
            Difference("unit", None, "sha256", Figure(), Figure(), is_total=True)
        )
    return [copy, hashed]
