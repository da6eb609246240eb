"""How sure a rate is, against published values and against a root taken with many digits."""

import random
from decimal import ROUND_FLOOR, Decimal, localcontext

import pytest

from services.scoring.rules.intervals import Interval, is_distinct, wilson

Z = Decimal("1.959963984540054")


def reference(num: int, den: int) -> tuple[Decimal, Decimal]:
    """The textbook formula, with eighty digits."""
    with localcontext() as context:
        context.prec = 80
        n, p = Decimal(den), Decimal(num) / den
        middle = p + Z * Z / (2 * n)
        root = Z * (p * (1 - p) / n + Z * Z / (4 * n * n)).sqrt()
        whole = 1 + Z * Z / n
        low, high = (100 * (middle - root) / whole, 100 * (middle + root) / whole)
        half = Decimal("0.005")
        cent = Decimal("0.01")
        return (
            (low + half).quantize(cent, ROUND_FLOOR),
            (high + half).quantize(cent, ROUND_FLOOR),
        )


@pytest.mark.parametrize(
    ("num", "den", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3
        (81, 263, "25.53", "36.62"),
        (15, 148, "6.24", "16.05"),
        (0, 20, "0.00", "16.11"),
        (1, 29, "0.61", "17.18"),
        # of the reference vector
        (7, 8, "52.91", "97.76"),
        (9, 10, "59.58", "98.21"),
        (6, 9, "35.42", "87.94"),
        (10, 10, "72.25", "100.00"),
    ],
)
def test_the_interval_is_wilsons(num: int, den: int, low: str, high: str) -> None:
    assert wilson(num, den) == Interval(Decimal(low), Decimal(high))


def test_nothing_counted_has_no_interval() -> None:
    assert wilson(0, 0) is None


def test_bounds_are_rounded_half_up_exactly() -> None:
    chance = random.Random(12345)
    for _ in range(500):
        den = chance.randint(1, 10_000)
        num = chance.randint(0, den)
        found = wilson(num, den)
        assert found is not None
        assert (found.low, found.high) == reference(num, den)
        assert 0 <= found.low <= found.high <= 100


@pytest.mark.parametrize(
    ("row", "rest", "distinct"),
    [
        # Newcombe 1998, 873-890, table II, method 10: 56/70 − 48/80 is 5.24 % to 33.39 %
        ((56, 70), (48, 80), True),
        ((48, 80), (56, 70), True),
        # 9/10 − 3/10: 17.05 % to 80.90 %
        ((9, 10), (3, 10), True),
        # 5/56 − 0/29: −3.81 % to 19.26 %
        ((5, 56), (0, 29), False),
        ((0, 29), (5, 56), False),
        # 0/10 − 0/20 and 10/10 − 0/20
        ((0, 10), (0, 20), False),
        ((10, 10), (0, 20), True),
        ((7, 8), (7, 8), False),
        ((1, 1), (50, 100), False),
        ((800, 1000), (7000, 10_000), True),
    ],
)
def test_a_rate_is_distinct_where_the_interval_of_the_difference_leaves_out_none(
    row: tuple[int, int], rest: tuple[int, int], *, distinct: bool
) -> None:
    assert is_distinct(row, rest) is distinct


@pytest.mark.parametrize(("row", "rest"), [((0, 0), (5, 9)), ((5, 9), (0, 0)), ((0, 0), (0, 0))])
def test_against_nothing_nothing_is_distinct(row: tuple[int, int], rest: tuple[int, int]) -> None:
    assert is_distinct(row, rest) is False
