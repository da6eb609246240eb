"""Cases by number: the engine's answer against the counter's. The same number, the same case."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.clocks import counter, courses, engine
from tests.clocks.oracle import Oracle

COURSE_EVERY = 5
STEPPED_EVERY = 50  # one case in so many is walked as well


@dataclass(slots=True)
class Report:
    """`clocks`: single dues compared; `different`: the first words on each difference."""

    cases: int
    clocks: int
    stepped: int
    different: list[str]

    def __add__(self, other: "Report") -> "Report":
        return Report(
            self.cases + other.cases,
            self.clocks + other.clocks,
            self.stepped + other.stepped,
            self.different + other.different,
        )


def compare(numbers: Iterable[int], *, step_all: bool = False) -> Report:
    """Every fifth number is a course of a ticket, the others are single limits."""
    report = Report(0, 0, 0, [])
    for number in numbers:
        report.cases += 1
        if number % COURSE_EVERY == 1:
            _compare_course(number, report)
        else:
            _compare_limit(number, report, stepped=step_all or number % STEPPED_EVERY == 0)
    return report


def _compare_limit(number: int, report: Report, *, stepped: bool) -> None:
    case = courses.limit_case(Random(number))
    start, due = counter.due(case["start"], case["amount"], case["unit"], case["window"])
    expected = {
        "start": start,
        "due": due,
        "unit_due": counter.unit_due(start, due),
        "warn": counter.warning(start, due),
        "reply_due": min(due, counter.end_of_workday(case["feedback"], 1)),
        "paused_due": counter.paused(start, due, case["pauses"], case["unit"]),
    }
    report.clocks += len(expected)
    _note(report, number, case, expected, engine.limit_answers(case))
    if stepped:
        report.stepped += 1
        walked = counter.step(case["start"], case["amount"], case["unit"], case["window"])
        _note(report, number, case, walked, due)


def _compare_course(number: int, report: Report) -> None:
    start, received, steps = courses.course(Random(number))
    oracle = Oracle(start, received)
    answers = engine.course_answers(start, received, steps)
    _note(report, number, received, _expected(oracle), next(answers))
    for step, answer in zip(steps, answers, strict=True):
        oracle.take(step)
        expected = _expected(oracle)
        report.clocks += len(expected)
        _note(report, number, step, expected, answer)


def _expected(oracle: Oracle) -> list[dict[str, Any]]:
    return [
        {
            **clock,
            "warn": None if clock["due"] is None else counter.warning(clock["start"], clock["due"]),
        }
        for clock in oracle.clocks
    ]


def _note(report: Report, number: int, case: object, expected: Any, answer: Any) -> None:
    if expected != answer:
        if isinstance(expected, list):
            pairs = zip(expected, answer, strict=False)
            expected, answer = next(((a, b) for a, b in pairs if a != b), (expected, answer))
        report.different.append(f"{number}: {case}\n  counted  {expected}\n  answered {answer}")
