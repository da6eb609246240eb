"""Which tickets are judged otherwise by another scheme, and why."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.scoring.rules.schemes import RESOLUTION, RESOLUTION_MODES, RULES, Scheme
from services.scoring.rules.tallies import Key

MODE = "resolution_mode"
MODES = frozenset(RESOLUTION_MODES.values())
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Judged:
    """One round in one metric: the row it counts in, and its verdict as text.

    The text is the round's worth, or the reason it stays out.
    """

    no: str
    round: int
    key: Key
    text: str


# By metric, the rounds it looks at.
JudgedBy = Mapping[str, Sequence[Judged]]


@dataclass(frozen=True, slots=True)
class Flip:
    """`before` and `after`: the verdicts, or the points a rule gives; None where it is silent.

    `cause`: "resolution_mode", or the rule that begins or ceases to charge the ticket.
    """

    no: str
    round: int
    metric: str
    before: str | None
    after: str | None
    cause: str


def metrics_of(before: Mapping[Key, Scheme], after: Mapping[Key, Scheme]) -> frozenset[str]:
    """Those whose verdicts must be known to tell what flips."""
    found: set[str] = set()
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        if RESOLUTION in old.weights and RESOLUTION in new.weights:
            modes = {old.metric_of(RESOLUTION), new.metric_of(RESOLUTION)}
            found |= modes if len(modes) > 1 else set()
        for one, other in zip(_sides(old), _sides(new), strict=True):
            if one != other:
                found |= {RULES[rule].metric for rule, _, _ in (*one.rules, *other.rules)}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Side:
    """All that decides which tickets are charged, for bonuses or for penalties.

    `rules`: each with its points and its free tickets, in the order the cap leaves room for.
    """

    sign: int
    rules: tuple[tuple[str, Decimal, int], ...]
    cap: Decimal | None


def _sides(scheme: Scheme) -> tuple[_Side, _Side]:
    return (
        _Side(1, _terms(scheme, scheme.bonus), scheme.bonus_cap),
        _Side(-1, _terms(scheme, scheme.penalty), scheme.penalty_cap),
    )


def _terms(scheme: Scheme, rules: Mapping[str, Decimal]) -> tuple[tuple[str, Decimal, int], ...]:
    return tuple((rule, points, scheme.free_of(rule)) for rule, points in rules.items())


def list_flips(
    before: Mapping[Key, Scheme], after: Mapping[Key, Scheme], judged: JudgedBy
) -> list[Flip]:
    """By row, each scheme as it is for that row. In order of ticket and metric."""
    flips = [*_resolution_flips(before, after, judged), *_charge_flips(before, after, judged)]
    return sorted(flips, key=lambda one: (one.no, one.round, one.metric, one.cause))


def _resolution_flips(
    before: Mapping[Key, Scheme], after: Mapping[Key, Scheme], judged: JudgedBy
) -> Iterator[Flip]:
    """Rounds that count in the one mode's rate and not, or otherwise, in the other's."""
    texts: defaultdict[tuple[str, int, Key], dict[str, str]] = defaultdict(dict)
    for metric in MODES & judged.keys():
        for one in judged[metric]:
            texts[one.no, one.round, one.key][metric] = one.text
    for (no, number, key), verdicts in texts.items():
        schemes = before.get(key), after.get(key)
        if any(scheme is None or RESOLUTION not in scheme.weights for scheme in schemes):
            continue
        old, new = (verdicts.get(scheme.metric_of(RESOLUTION)) for scheme in schemes if scheme)
        if old != new:
            yield Flip(no, number, RESOLUTION, old, new, MODE)


def _charge_flips(
    before: Mapping[Key, Scheme], after: Mapping[Key, Scheme], judged: JudgedBy
) -> Iterator[Flip]:
    """Tickets that one scheme gives or takes points for and the other does not."""
    old, new = list_charges(before, judged), list_charges(after, judged)
    for place in old.keys() | new.keys():
        was, comes = old.get(place, NOTHING), new.get(place, NOTHING)
        if (was == NOTHING) != (comes == NOTHING):
            rule, no, number = place
            yield Flip(no, number, RULES[rule].metric, _text(was), _text(comes), rule)


def _text(points: Decimal) -> str | None:
    return f"{points.normalize():f}" if points else None


def list_charges(
    schemes: Mapping[Key, Scheme], judged: JudgedBy
) -> dict[tuple[str, str, int], Decimal]:
    """Points by (rule, ticket, round); their sums are the rows' adjustments.

    What is free is the earliest of each row, by number; so is what a cap has room for.
    """
    charges: dict[tuple[str, str, int], Decimal] = {}
    rounds: defaultdict[tuple[Key, str], list[Judged]] = defaultdict(list)
    for metric, found in judged.items():
        for one in sorted(found, key=lambda one: (one.no, one.round)):
            rounds[one.key, metric].append(one)
    for key, scheme in schemes.items():
        for side in _sides(scheme):
            left = side.cap
            for rule, each, free in side.rules:
                for one in rounds[key, RULES[rule].metric][free:]:
                    points = each if left is None else min(each, left)
                    left = None if left is None else left - points
                    charges[rule, one.no, one.round] = side.sign * points
    return charges
