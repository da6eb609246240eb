"""How callers judge: shares by month of completion, so that satisfaction rises over the year."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from shared.sandbox.year.arrivals import share_out
from shared.sandbox.year.draft import Draft

OVERALLS = ("satisfied", "mostly_satisfied", "neutral", "dissatisfied")
SHARES = {
    1: (600, 240, 100, 60),
    2: (620, 240, 90, 50),
    3: (620, 250, 90, 40),
    4: (580, 280, 100, 40),
    5: (620, 260, 85, 35),
    6: (660, 240, 70, 30),
    7: (710, 210, 55, 25),
    8: (730, 200, 50, 20),
    9: (740, 190, 50, 20),
    10: (750, 190, 45, 15),
    11: (780, 170, 40, 10),
    12: (740, 200, 45, 15),
}
UNREACHED_SHARE = 0.035
UNRATED_CONTACT_SHARE = 0.025
UPSTREAM_SHARE = 0.25
OWN_REWORK_SHARE = 0.6
UPSTREAM_REWORK_SHARE = 0.5
LAST_REWORK = date(2022, 12, 8)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the follow-up (回访) of a ticket's first round will hear, from whom, and what ensues.

    `reached` is the desk's luck; `overall` the official answer; `reopened` names who has it
    handled again: nobody (``""``), the bureau itself (`own`) or the platform (`upstream`).
    """

    reached: str = "yes"
    overall: str = "satisfied"
    first_contact: str = "yes"
    has_upstream: bool = False
    reopened: str = ""


def judge(rng: Random, closed: Sequence[tuple[Draft, datetime]]) -> Mapping[int, Judgement]:
    """A judgement by serial for every ticket with somebody to ask."""
    judgements: dict[int, Judgement] = {}
    by_month: dict[int, list[tuple[float, Draft, datetime]]] = defaultdict(list)
    for draft, completed in closed:
        if not draft.has_phone:
            continue
        if draft.story:
            judgements[draft.serial] = Judgement(overall=draft.story.rating, has_upstream=True)
        elif rng.random() < UNREACHED_SHARE:
            reached = rng.choice(("unreachable", "refused"))
            judgements[draft.serial] = Judgement(reached=reached)
        else:
            gloom = rng.random() + 0.4 * (draft.finding.valuation == "explained")
            by_month[completed.month].append((gloom, draft, completed))
    for month, rated in sorted(by_month.items()):
        rated.sort(key=lambda item: (item[0], item[1].serial))
        counts = share_out(len(rated), SHARES[month])
        overalls = [word for word, n in zip(OVERALLS, counts, strict=True) for _ in range(n)]
        for (_, draft, completed), overall in zip(rated, overalls, strict=True):
            judgements[draft.serial] = _judge_one(rng, overall, completed)
    return judgements


def _judge_one(rng: Random, overall: str, completed: datetime) -> Judgement:
    first_contact = "unrated" if rng.random() < UNRATED_CONTACT_SHARE else "yes"
    if overall != "dissatisfied":
        has_upstream = rng.random() < UPSTREAM_SHARE
        return Judgement("yes", overall, first_contact, has_upstream)
    early = completed.date() <= LAST_REWORK
    if early and rng.random() < OWN_REWORK_SHARE:
        return Judgement("yes", overall, first_contact, reopened="own")
    again = "upstream" if early and rng.random() < UPSTREAM_REWORK_SHARE else ""
    return Judgement("yes", overall, first_contact, has_upstream=True, reopened=again)
