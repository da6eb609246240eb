"""How many tickets a rank hangs on, against trying every set of changed verdicts."""

import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations, product

import pytest

from services.scoring.rules.ranks import Row, list_rows
from services.scoring.rules.schemes import NOBODY, PRESETS, Scheme
from services.scoring.rules.sensitivity import Change, Sensitivity, list_sensitivities
from services.scoring.rules.tallies import Key
from tests.scoring.tables import (
    ONE,
    RATES,
    WORTHS,
    ZERO,
    Verdicts,
    random_scheme,
    random_verdicts,
    tallies_of,
)

Table = Mapping[Key, Verdicts]


def ranked(scheme: Scheme, table: Table) -> dict[Key, Row]:
    rows = list_rows(scheme, tallies_of(table), peer_of=lambda key: NOBODY)
    return {row.key: row for row in rows}


def found(scheme: Scheme, table: Table) -> dict[Key, Sensitivity]:
    return list_sensitivities(ranked(scheme, table).values())


def variants(worths: list[Decimal], metric: str, tickets: int) -> Iterator[list[Decimal]]:
    """Every way in which exactly so many verdicts could have been others."""
    for places in combinations(range(len(worths)), tickets):
        for values in product(WORTHS[metric], repeat=tickets):
            changed = list(worths)
            for place, value in zip(places, values, strict=True):
                changed[place] = value
            if sum(one != other for one, other in zip(changed, worths, strict=True)) == tickets:
                yield changed


def brute(scheme: Scheme, table: Table, key: Key) -> dict[str, tuple[int, set[str]] | None]:
    """The fewest tickets by direction, with every metric in which so few are enough."""
    before = ranked(scheme, table)[key].rank
    assert before is not None
    fewest: dict[str, tuple[int, set[str]] | None] = {"up": None, "down": None}
    for metric in scheme.weights:
        for tickets in range(1, len(table[key][metric]) + 1):
            for changed in variants(list(table[key][metric]), metric, tickets):
                other = {**table, key: {**table[key], metric: changed}}
                after = ranked(scheme, other)[key].rank
                assert after is not None
                if after == before:
                    continue
                way = "up" if after < before else "down"
                known = fewest[way]
                if known is None or tickets < known[0]:
                    fewest[way] = (tickets, {metric})
                elif tickets == known[0]:
                    known[1].add(metric)
    return fewest


def check(change: Change | None, expected: tuple[int, set[str]] | None) -> None:
    if expected is None:
        assert change is None
        return
    assert change is not None
    assert change.tickets == expected[0]
    assert change.metric in expected[1]
    assert change.metric == next(metric for metric in RATES if metric in expected[1])


@pytest.mark.parametrize("seed", range(8))
def test_the_fewest_tickets_are_those_found_by_trying_all(seed: int) -> None:
    chance = random.Random(seed)
    moved = 0
    for _ in range(30):
        scheme = random_scheme(chance)
        table: Table = {name: random_verdicts(chance) for name in "abc"[: chance.randint(2, 3)]}
        changes = found(scheme, table)
        rows = ranked(scheme, table)

        assert set(changes) == {key for key, row in rows.items() if row.rank is not None}
        key = chance.choice(list(rows))
        if key not in changes:
            continue
        expected = brute(scheme, table, key)
        check(changes[key].up, expected["up"])
        check(changes[key].down, expected["down"])
        moved += sum(one is not None for one in expected.values())
    assert moved > 10


def test_a_row_alone_hangs_on_nothing() -> None:
    table: Table = {"a": {metric: [ONE] * 6 for metric in RATES[:3]}}

    assert found(PRESETS[0], table) == {"a": Sensitivity(None, None)}


def test_one_ticket_may_be_enough() -> None:
    good = {metric: [ONE] * 10 for metric in RATES[:3]}
    table: Table = {"a": good, "b": {**good, "satisfaction_score": [ZERO, *[ONE] * 9]}}

    changes = found(PRESETS[0], table)

    assert changes["b"] == Sensitivity(Change(1, "satisfaction_score"), None)
    # One late ticket costs 2 of 100 and a point: more than the other's one dissatisfied.
    assert changes["a"] == Sensitivity(None, Change(1, "on_time_completion_rate"))


def test_thousands_of_tickets_are_searched_by_halving() -> None:
    table: Table = {
        name: {
            "on_time_completion_rate": [ONE] * 5000,
            "actual_resolution_rate": [ONE] * (5000 - missing) + [ZERO] * missing,
            "satisfaction_score": [ONE] * 5000,
        }
        for name, missing in (("a", 0), ("b", 1200), ("c", 2600))
    }

    changes = found(PRESETS[0], table)

    # c equals b at b's 92.62; each late ticket of a costs a point and 0.006 more.
    assert changes["c"] == Sensitivity(Change(1400, "actual_resolution_rate"), None)
    assert changes["a"] == Sensitivity(None, Change(8, "on_time_completion_rate"))
