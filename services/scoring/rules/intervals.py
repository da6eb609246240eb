"""How sure a rate is: Wilson's interval, and whether one rate differs from another.

Wilson, E. B. (1927), JASA 22; Newcombe, R. G. (1998), Statistics in Medicine 17, 873-890,
method 10: the interval of a difference of two rates from Wilson's of each, without continuity
correction. Both at 95 %, two-sided.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor, hypot, isqrt, sqrt

# The 97.5 % point of the normal distribution; more of its places than any figure can show.
Z = Fraction("1.959963984540054")
PLACES = 100  # hundredths of a percent are asked for
DIGITS = 60
SPREAD = float(Z * Z)
# Far above what floating point is off by, far below what is ever shown.
DOUBT = 1e-7


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds in percent, two places."""

    low: Decimal
    high: Decimal


def wilson(num: int, den: int) -> Interval | None:
    """The 95 % interval of num of den; None where nothing is counted. Rounded exactly."""
    if not den:
        return None
    low, high = (_hundredths(bound) for bound in _near(num, den))
    if low is None or high is None:
        middle, square = _parts(num, den)
        return Interval(_rounded(middle, square, sign=-1), _rounded(middle, square, sign=1))
    return Interval(Decimal(low).scaleb(-2), Decimal(high).scaleb(-2))


def is_distinct(row: tuple[int, int], rest: tuple[int, int]) -> bool:
    """Whether the rate of `row` (num, den) differs from that of all others taken together.

    It does when Newcombe's interval of the difference does not hold 0; against nothing, nothing
    is distinct.
    """
    if not row[1] or not rest[1]:
        return False
    clear = _clearly_distinct(row, rest)
    if clear is not None:
        return clear
    with localcontext() as context:
        context.prec = DIGITS
        one, other = _bounds(*row), _bounds(*rest)
        if one.rate < other.rate:
            one, other = other, one
        gap = one.rate - other.rate
        return gap > ((one.rate - one.low) ** 2 + (other.high - other.rate) ** 2).sqrt()


def _near(num: int, den: int) -> tuple[float, float]:
    """Both bounds of 1, in floating point: right to far more places than are shown."""
    rate, spread = num / den, SPREAD / den
    root = sqrt(rate * (1 - rate) * spread + spread * spread / 4)
    return (
        (rate + spread / 2 - root) / (1 + spread),
        (rate + spread / 2 + root) / (1 + spread),
    )


def _hundredths(bound: float) -> int | None:
    """In hundredths of a percent, half up; None where that is too close to call."""
    scaled = bound * 100 * PLACES + 0.5
    whole = floor(scaled)
    return whole if DOUBT < scaled - whole < 1 - DOUBT else None


def _clearly_distinct(row: tuple[int, int], rest: tuple[int, int]) -> bool | None:
    """None where floating point is too close to call."""
    one, other = row[0] / row[1], rest[0] / rest[1]
    greater, less = (row, rest) if one >= other else (rest, row)
    low, high = _near(*greater)[0], _near(*less)[1]
    gap = abs(one - other)
    excess = gap - hypot(max(one, other) - low, high - min(one, other))
    return excess > 0 if abs(excess) > DOUBT else None


@dataclass(frozen=True, slots=True)
class _Bounds:
    rate: Decimal
    low: Decimal
    high: Decimal


def _parts(num: int, den: int) -> tuple[Fraction, Fraction]:
    """The interval is the first plus and minus the root of the second, both of 1."""
    rate, spread = Fraction(num, den), Z * Z / den
    whole = 1 + spread
    middle = (rate + spread / 2) / whole
    square = (rate * (1 - rate) * spread + spread * spread / 4) / (whole * whole)
    return middle, square


def _bounds(num: int, den: int) -> _Bounds:
    middle, square = (_decimal(part) for part in _parts(num, den))
    root = square.sqrt()
    return _Bounds(_decimal(Fraction(num, den)), middle - root, middle + root)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _rounded(middle: Fraction, square: Fraction, *, sign: int) -> Decimal:
    """middle ± √square in percent, half up: the greatest whole number of hundredths not above."""
    scale = 100 * PLACES
    base = middle * scale + Fraction(1, 2)
    area = square * scale * scale
    guess = int(base) + sign * isqrt(int(area))
    while not _reaches(guess, base, area, sign=sign):
        guess -= 1
    while _reaches(guess + 1, base, area, sign=sign):
        guess += 1
    return Decimal(guess).scaleb(-2)


def _reaches(number: int, base: Fraction, area: Fraction, *, sign: int) -> bool:
    """Whether number ≤ base ± √area, without taking a root."""
    gap = number - base
    if sign > 0:
        return gap <= 0 or gap * gap <= area
    return gap <= 0 and area <= gap * gap
