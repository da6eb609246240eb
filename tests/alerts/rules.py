"""Alert rules run over series: what is firing at a moment, as Prometheus would tell it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from tests.alerts.evaluator import NAME, World
from tests.alerts.series import Series, read_series, seconds

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "minhu.rules.yml"
TESTS = FOLDER / "minhu.test.yml"
TEMPLATE = re.compile(r"\{\{\s*\$(value|labels\.(\w+))\s*\}\}")


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    expr: str
    wait: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation of promtool's file."""

    rule: str
    series: Sequence[Series]
    at: float
    step: float
    expected: Sequence[Mapping[str, Any]]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def load_rules() -> dict[str, Rule]:
    return {
        one["alert"]: Rule(
            one["alert"], one["expr"], seconds(one.get("for")), one["labels"], one["annotations"]
        )
        for group in load(RULES)["groups"]
        for one in group["rules"]
    }


def load_cases() -> list[Case]:
    file = load(TESTS)
    step = seconds(file["evaluation_interval"])
    return [
        Case(
            one["alertname"],
            [
                read_series(given["series"], given["values"], seconds(test["interval"]))
                for given in test["input_series"]
            ],
            seconds(one["eval_time"]),
            step,
            one["exp_alerts"],
        )
        for test in file["tests"]
        for one in test["alert_rule_test"]
    ]


def firing(rule: Rule, case: Case) -> list[dict[str, Any]]:
    """Evaluated from the beginning, step by step: `for` counts from when it became true."""
    expression = promql.parse(rule.expr)
    since: dict[frozenset[tuple[str, str]], float] = {}
    value: dict[frozenset[tuple[str, str]], float] = {}
    for index in range(int(case.at / case.step) + 1):
        now = index * case.step
        value = World(case.series, now).vector(expression)
        since = {labels: since.get(labels, now) for labels in value}
    return [
        {
            "exp_labels": {
                **{name: told for name, told in labels if name != NAME},
                **rule.labels,
            },
            "exp_annotations": {
                name: expand(text, dict(labels), value[labels])
                for name, text in rule.annotations.items()
            },
        }
        for labels, begun in since.items()
        if case.at - begun >= rule.wait
    ]


def expand(template: str, labels: Mapping[str, str], value: float) -> str:
    def told(match: re.Match[str]) -> str:
        return f"{value:g}" if match[1] == "value" else labels.get(match[2], "")

    return TEMPLATE.sub(told, template)
