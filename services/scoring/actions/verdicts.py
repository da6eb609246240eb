"""The verdicts behind a sheet, round by round: for what a sum does not tell."""

from collections import Counter, defaultdict
from collections.abc import Collection
from decimal import Decimal

from services.scoring.actions.scores import Question, list_known
from services.scoring.rules.flips import Judged
from services.scoring.rules.metrics import BY_ID, Verdict, judge
from services.scoring.rules.sensitivity import WorthsOf
from services.scoring.rules.tallies import KEYS, Key
from shared.db import Tx


async def list_verdicts(
    tx: Tx, question: Question, metrics: Collection[str]
) -> dict[str, list[tuple[str, int, Key, Verdict]]]:
    """By metric: ticket, round, row and verdict of every round that is its business."""
    known = await list_known(tx, question)
    key_of = KEYS[question.by]
    found: dict[str, list[tuple[str, int, Key, Verdict]]] = {name: [] for name in metrics}
    for fact in known.facts:
        if not question.sees(fact):
            continue
        for name in metrics:
            verdict = judge(BY_ID[name], fact, period=question.period, known_at=known.known_at)
            if verdict is not None:
                found[name].append((fact.no, fact.round, key_of(fact), verdict))
    return found


async def list_judged(
    tx: Tx, question: Question, metrics: Collection[str]
) -> dict[str, list[Judged]]:
    """The same with verdicts as text: a worth, or why the round stays out."""
    found = await list_verdicts(tx, question, metrics)
    return {
        name: [Judged(no, number, key, _text(verdict)) for no, number, key, verdict in rounds]
        for name, rounds in found.items()
    }


def _text(verdict: Verdict) -> str:
    return verdict.reason or f"{(verdict.worth or Decimal(0)).normalize():f}"


async def count_worths(tx: Tx, question: Question, metrics: Collection[str]) -> WorthsOf:
    """How many rounds of a row count for how much in a metric."""
    found = await list_verdicts(tx, question, metrics)
    worths: defaultdict[tuple[Key, str], Counter[Decimal]] = defaultdict(Counter)
    for name, rounds in found.items():
        for _, _, key, verdict in rounds:
            if verdict.worth is not None:
                worths[key, name][verdict.worth] += 1
    return lambda key, metric: worths[key, metric]
