"""Composite, points, score and rank of each row (domain §8; rulings 35, 37, 41, 56)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from tests.scoring.oracle.adding import Key, Sum, Sums

EXACT = Context(prec=60)
CENT = Decimal("0.01")
JA, QP = "ja-default", "qp-2018"
JA_WEIGHTS = {
    "first_contact_rate": 20,
    "on_time_completion_rate": 20,
    "timely_reply_rate": 15,
    "actual_resolution_rate": 20,
    "satisfaction_score": 25,
}
QP_WEIGHTS = {
    "first_contact_rate": 30,
    "actual_resolution_rate_explained_counts": 20,
    "satisfaction_score": 40,
}
QP_INTAKE = 5
FEWEST = 5
MOST, BONUS_CAP = Decimal(105), Decimal(5)


@dataclass
class Line:
    """What a row shows beside its figures; `points` by rule: how many points, for how many."""

    composite: Decimal | None
    points: dict[str, tuple[Decimal, int]]
    score: Decimal | None
    tier: str | None = None
    rank: int | None = None


def half_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP, EXACT)


def share(sums: Sums, metric: str) -> Decimal | None:
    one = sums.get(metric, Sum())
    return EXACT.divide(Decimal(one.tenths), Decimal(one.den * 10)) if one.den else None


def value(sums: Sums, metric: str) -> Decimal | None:
    found = share(sums, metric)
    return None if found is None else half_up(found * 100)


def count(sums: Sums, metric: str) -> int:
    return sums.get(metric, Sum()).den


def composite(sums: Sums, scheme: str, peers: int) -> Decimal | None:
    weights = JA_WEIGHTS if scheme == JA else QP_WEIGHTS
    earned, defined = Decimal(0), 0
    for metric, weight in weights.items():
        found = share(sums, metric)
        if found is not None:
            earned = EXACT.add(earned, EXACT.multiply(found, Decimal(weight)))
            defined += weight
    if scheme == QP and peers:
        part = EXACT.divide(Decimal(QP_INTAKE * count(sums, "intake")), Decimal(peers))
        earned = EXACT.add(earned, part)
        defined += QP_INTAKE
    if not defined:
        return None
    if scheme == QP:
        return earned
    return EXACT.divide(EXACT.multiply(earned, Decimal(100)), Decimal(defined))


def points(sums: Sums, scheme: str) -> dict[str, tuple[Decimal, int]]:
    """Only what moves the score is told."""
    if scheme == QP:
        return {}
    praised = count(sums, "praise_count")
    overdue = count(sums, "overdue_count")
    repeats = max(0, count(sums, "repeat_count") - 1)
    reworks = count(sums, "rework_count")
    wrong = count(sums, "wrong_return_count")
    found = {
        "praise": (min(BONUS_CAP, Decimal("0.5") * praised), praised),
        "overdue": (Decimal(-1) * overdue, overdue),
        "repeat": (Decimal("-0.5") * repeats, repeats),
        "rework": (Decimal(-1) * reworks, reworks),
        "wrong_return": (Decimal("-0.5") * wrong, wrong),
    }
    return {rule: told for rule, told in found.items() if told[0]}


def final(base: Decimal | None, moved: Mapping[str, tuple[Decimal, int]]) -> Decimal | None:
    if base is None:
        return None
    score = base
    for change, _ in moved.values():
        score = EXACT.add(score, change)
    return half_up(min(max(score, Decimal(0)), MOST))


def line(sums: Sums, scheme: str, *, peers: int, moved: dict[str, tuple[Decimal, int]]) -> Line:
    base = composite(sums, scheme, peers)
    return Line(None if base is None else half_up(base), moved, final(base, moved))


def lines(rows: dict[Key, Sums], scheme: str, tiers: Mapping[str, str]) -> dict[Key, Line]:
    """`tiers`: the kind of each unit where the rows are units, else empty."""
    found: dict[Key, Line] = {}
    for key, sums in rows.items():
        tier = tiers.get(key) if key is not None else None
        peers = 0
        for other, its in rows.items():
            if (tiers.get(other) if other is not None else None) == tier:
                peers += count(its, "intake")
        found[key] = line(sums, scheme, peers=peers, moved=points(sums, scheme))
        found[key].tier = tier
    for key, one in found.items():
        if is_ranked(key, rows, found):
            one.rank = 1
            for other, its_line in found.items():
                if its_line.tier == one.tier and is_ranked(other, rows, found):
                    one.rank += is_better(rows[other], its_line, rows[key], one)
    return found


def is_ranked(key: Key, rows: dict[Key, Sums], found: dict[Key, Line]) -> bool:
    enough = count(rows[key], "satisfaction_score") >= FEWEST
    return key is not None and found[key].score is not None and enough


def is_better(left: Sums, its: Line, right: Sums, ours: Line) -> bool:
    """By the score as shown, then satisfaction, then fewer overdue; else they share the place."""
    assert its.score is not None
    assert ours.score is not None
    if its.score != ours.score:
        return its.score > ours.score
    one, other = share(left, "satisfaction_score"), share(right, "satisfaction_score")
    if one != other:
        return (one or Decimal(0)) > (other or Decimal(0))
    return count(left, "overdue_count") < count(right, "overdue_count")


def total_line(whole: Sums, scheme: str, found: dict[Key, Line]) -> Line:
    """The points of all rows added up; of its peers' intake it has the whole."""
    moved: dict[str, tuple[Decimal, int]] = {}
    for one in found.values():
        for rule, (change, tickets) in one.points.items():
            known = moved.get(rule, (Decimal(0), 0))
            moved[rule] = (known[0] + change, known[1] + tickets)
    return line(whole, scheme, peers=count(whole, "intake"), moved=moved)
