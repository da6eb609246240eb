"""As much of PromQL as the rules use, so that `make test` needs no promtool.

Parsed by the grammar of Prometheus itself; whatever is not known here fails the test that meets it.
"""

import itertools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import promql_parser as promql

from tests.alerts.series import Labels, Series

Vector = dict[frozenset[tuple[str, str]], float]
NAME = "__name__"

COMPARING: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        ">": operator.gt,
        "<": operator.lt,
        ">=": operator.ge,
        "<=": operator.le,
    }
)
COUNTING: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
)
GATHERING: Mapping[str, Callable[[list[float]], float]] = MappingProxyType(
    {"max": max, "min": min, "sum": sum, "count": len}
)
MATCHING: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "Equal": operator.eq,
        "NotEqual": operator.ne,
        "Re": lambda found, wanted: re.fullmatch(wanted, found) is not None,
        "NotRe": lambda found, wanted: re.fullmatch(wanted, found) is None,
    }
)


class Unknown(Exception):
    """A part of PromQL that this evaluator has not learnt."""


@dataclass(frozen=True, slots=True)
class World:
    """All series, at one moment."""

    series: Sequence[Series]
    now: float

    def evaluate(self, expression: Any) -> Vector | float:
        match expression:
            case promql.NumberLiteral():
                return float(expression.val)
            case promql.ParenExpr():
                return self.evaluate(expression.expr)
            case promql.VectorSelector():
                found = {key(one.labels): one.at(self.now) for one in self.select(expression)}
                return {labels: value for labels, value in found.items() if value is not None}
            case promql.AggregateExpr():
                return self.gather(expression)
            case promql.Call() if expression.func.name == "increase":
                return self.increase(expression.args[0])
            case promql.BinaryExpr() if is_plain(expression.modifier):
                return self.join(expression)
        raise Unknown(str(expression))

    def vector(self, expression: Any) -> Vector:
        value = self.evaluate(expression)
        if isinstance(value, float):
            raise Unknown(str(expression))
        return value

    def select(self, selector: Any) -> list[Series]:
        if selector.offset is not None or selector.at is not None:
            raise Unknown(str(selector))
        matchers = list(selector.matchers.matchers)
        return [
            one
            for one in self.series
            if selector.name in (None, one.labels.get(NAME))
            and all(matches(one.labels, matcher) for matcher in matchers)
        ]

    def gather(self, expression: Any) -> Vector:
        how = GATHERING.get(str(expression.op))
        modifier = expression.modifier
        if how is None or (modifier is not None and not str(modifier.type).endswith("By")):
            raise Unknown(str(expression))
        kept = set(modifier.labels) if modifier is not None else set()
        groups: dict[frozenset[tuple[str, str]], list[float]] = {}
        for labels, value in self.vector(expression.expr).items():
            group = frozenset(pair for pair in labels if pair[0] in kept)
            groups.setdefault(group, []).append(value)
        return {group: float(how(values)) for group, values in groups.items()}

    def increase(self, matrix: Any) -> Vector:
        """As Prometheus: between the samples seen, stretched to the range's ends where near."""
        span = matrix.range.total_seconds()
        grown: Vector = {}
        for one in self.select(matrix.vector_selector):
            seen = one.within(self.now - span, self.now)
            if len(seen) < 2:
                continue
            gap = (seen[-1][0] - seen[0][0]) / (len(seen) - 1)
            if any(later[1] < earlier[1] for earlier, later in itertools.pairwise(seen)):
                raise Unknown("a counter that was reset")
            ends = [seen[0][0] - (self.now - span), self.now - seen[-1][0]]
            reach = sum(end if end < gap * 1.1 else gap / 2 for end in ends)
            told = seen[-1][0] - seen[0][0]
            grown[unnamed(one.labels)] = (seen[-1][1] - seen[0][1]) * (told + reach) / told
        return grown

    def join(self, expression: Any) -> Vector:
        sign = str(expression.op)
        left = self.vector(expression.lhs)
        right = self.evaluate(expression.rhs)
        if sign == "or" and not isinstance(right, float):
            return right | left
        if sign in COMPARING and isinstance(right, float):
            return {k: value for k, value in left.items() if COMPARING[sign](value, right)}
        if sign in COUNTING and not isinstance(right, float):
            both = left.keys() & right.keys()
            return {k: COUNTING[sign](left[k], right[k]) for k in both}
        raise Unknown(str(expression))


def is_plain(modifier: Any) -> bool:
    """Neither `on`, `ignoring`, `group_left` nor `bool`."""
    return modifier is None or (modifier.matching is None and not modifier.return_bool)


def matches(labels: Labels, matcher: Any) -> bool:
    kind = str(matcher.op).rpartition(".")[2]
    return MATCHING[kind](labels.get(matcher.name, ""), matcher.value)


def key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def unnamed(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in labels.items() if pair[0] != NAME)
