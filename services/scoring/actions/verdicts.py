"""The verdicts behind a sheet, round by round: for what a sum does not tell."""

from collections.abc import Collection

from services.scoring.actions.scores import Question, ask, has_not_begun, seen_then
from services.scoring.queries.counting import list_verdicts
from services.scoring.rules.flips import Judged
from services.scoring.rules.marks import NOTHING, VERDICTS
from services.scoring.rules.metrics import BY_ID
from services.scoring.rules.tallies import KEYS
from shared.db import Tx


async def list_judged(
    tx: Tx, question: Question, metrics: Collection[str]
) -> dict[str, list[Judged]]:
    """By metric, every round that is its business, with its verdict as text."""
    judged: dict[str, list[Judged]] = {name: [] for name in sorted(metrics)}
    if has_not_begun(tx, question):
        return judged
    asked = await ask(tx, question, scope=question.scope)
    wanted, key_of = asked.wanted, KEYS[question.by]
    counted = [BY_ID[name] for name in judged]
    rounds = await list_verdicts(tx, wanted, counted, by=question.by)
    rounds += [
        (key_of(state), state.no, state.round, seen_then(state, wanted)) for state in asked.unfolded
    ]
    for key, no, number, seen in rounds:
        for metric in counted:
            letter = seen.letter(metric)
            if letter != NOTHING:
                judged[metric.id].append(Judged(no, number, key, text_of(letter)))
    return judged


def text_of(letter: str) -> str:
    """What the round adds to the figure, or why it stays out."""
    verdict = VERDICTS[letter]
    if verdict.worth is None:
        return verdict.reason or ""
    return f"{verdict.worth.normalize():f}"
