"""Small score tables made of verdicts, without tickets behind them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from services.scoring.rules.curves import Curve
from services.scoring.rules.metrics import METRICS
from services.scoring.rules.schemes import RESOLUTION, Scheme
from services.scoring.rules.tallies import Figure, Key, Tally
from services.scoring.rules.verdicts import Verdict

# The verdicts of each row in each rate, as what they are worth.
Verdicts = Mapping[str, Sequence[Decimal]]
RATES = ("on_time_completion_rate", RESOLUTION, "satisfaction_score", "repeat_rate")
ZERO, ONE = Decimal(0), Decimal(1)
WORTHS = {
    "satisfaction_score": (ZERO, Decimal("0.6"), Decimal("0.8"), ONE),
    "on_time_completion_rate": (ZERO, ONE),
    RESOLUTION: (ZERO, ONE),
    "repeat_rate": (ZERO, ONE),
}


def tally_of_verdicts(verdicts: Verdicts, *, intake: int = 10) -> Tally:
    """What is late is overdue, and who is not satisfied at all is dissatisfied.

    A repeat counts as one, and as one of the rate that should be low.
    """
    figures = {metric.id: Figure() for metric in METRICS}
    figures["intake"] = count(intake)
    for metric, worths in verdicts.items():
        for worth in worths:
            figures[metric].add(Verdict(worth))
    figures["overdue_count"] = count(list(verdicts["on_time_completion_rate"]).count(ZERO))
    figures["dissatisfied_count"] = count(list(verdicts["satisfaction_score"]).count(ZERO))
    figures["repeat_count"] = count(list(verdicts.get("repeat_rate", ())).count(ONE))
    return replace(Tally(), figures=figures)


def count(number: int) -> Figure:
    return Figure(10 * number, number, {}, {ONE: number})


def random_verdicts(chance: random.Random) -> Verdicts:
    return {
        metric: [chance.choice(WORTHS[metric]) for _ in range(chance.randint(1, 4))]
        for metric in RATES
    }


def random_scheme(chance: random.Random) -> Scheme:
    """Weights, points and sometimes a curve; few enough values for ties to be common."""
    left_out = chance.choice(RATES)
    weighed = [metric for metric in RATES if metric != left_out]
    weights = {metric: Decimal(chance.choice([10, 20, 50])) for metric in weighed}
    curve = Curve(
        below=chance.choice([None, Decimal(30)]),
        full=chance.choice([None, Decimal(70)]),
        floor=chance.choice([None, Decimal(2)]),
        cap=chance.choice([None, Decimal(8)]),
    )
    if curve.full is not None and chance.random() < 0.5:
        curve = replace(curve, slope=Decimal("0.2"))
    return Scheme(
        "tried",
        1,
        weights=weights,
        penalty=chance.choice(
            [{}, {"overdue": ONE}, {"overdue": ONE, "dissatisfied": Decimal(2)}, {"repeat": ONE}]
        ),
        penalty_cap=chance.choice([None, Decimal(2)]),
        rescaled=chance.random() < 0.8,
        min_sample=chance.choice([0, 2]),
        curves=chance.choice([{}, {chance.choice(weighed): curve}]),
    )


def tallies_of(table: Mapping[Key, Verdicts]) -> dict[Key, Tally]:
    return {key: tally_of_verdicts(verdicts) for key, verdicts in table.items()}
