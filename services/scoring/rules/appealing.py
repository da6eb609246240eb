"""How the argument about a deduction stands, told from the ticket's appeals and exclusions."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.scoring.rules.deductions import FACT, VERDICTS

NONE, PENDING, GRANTED, REFUSED = "none", "pending", "granted", "refused"
EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True)
class AppealWord:
    """What the log says, in its order. `round` None: of all rounds, as an exclusion is.

    `granted` None asks, else it decides.
    """

    verdict: str
    round: int | None
    granted: bool | None


def appeal_state(rule: str, number: int, words: Iterable[AppealWord]) -> str:
    """The last word on what would take the row back: of the fact that is an exclusion.

    Once granted it stays so, whatever is asked later.
    """
    verdict = EXCLUSION if rule == FACT else VERDICTS.get(rule)
    state = NONE
    for word in words:
        if word.verdict not in (verdict, EXCLUSION) or word.round not in (None, number):
            continue
        if state != GRANTED:
            state = PENDING if word.granted is None else GRANTED if word.granted else REFUSED
    return state
