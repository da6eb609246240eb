"""A fact as most tests want it: completed, answered and rated well, in November 2026."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.scoring.rules.fact import Fact
from services.scoring.rules.marks import NOTHING, VERDICTS, mark
from services.scoring.rules.metrics import BY_ID
from services.scoring.rules.periods import Period, find_period
from services.scoring.rules.tallies import KEYS, Tally, ordered, seen
from services.scoring.rules.verdicts import Verdict
from tests.scoring.histories import at

KNOWN_AT = at("12-31 23:00")


def period(text: str = "2026-11") -> Period:
    found = find_period(text)
    assert found is not None
    return found


def make_fact(number: int = 1, **values: Any) -> Fact:
    """Times may be given as `11-18 09:12`."""
    given: dict[str, Any] = {
        "ticket_id": number,
        "round": 1,
        "no": f"T20261110-{number:06d}",
        "source": "city-12345",
        "unit": "sanitation-section",
        "section": "环卫科",
        "executor": "李工",
        "trade": "sanitation",
        "category": "S-05",
        "street": "共和新路街道",
        "appeal_type": "complaint",
        "urgency": "normal",
        "received_at": "11-10 09:00",
        "need_reply": True,
        "has_caller": True,
        "contact_due": "11-11 23:59:59",
        "contact_outcome": "met",
        "contacted_at": "11-10 10:00",
        "complete_start": "11-10 09:00",
        "complete_due": "11-17 23:59:59",
        "completed_at": "11-16 17:00",
        "reply_due": "11-17 23:59:59",
        "replied_at": "11-16 16:00",
        "case_valuation": "resolved",
        "fact_finding": "true",
        "appeal_finding": "reasonable",
        "follow_up_level": "bureau",
        "reached": "yes",
        "rated_contact": "yes",
        "overall": "satisfied",
        "solved": "yes",
        "repeat_of": None,
        "dispatched_at": "11-10 09:30",
        "accept_due": "11-10 11:30",
        "accepted_at": "11-10 10:00",
        "returns": 0,
        "wrong_returns": 0,
        "extended": False,
        "reworked": False,
        "excluded_for": None,
        "appeals": "",
        "pending_appeals": 0,
        "pending_exclusion": False,
        "removed": None,
        "emergency": None,
        "seq": 10,
        "known_from": "11-18 10:00",
        **values,
    }
    given.setdefault("opened_at", given["received_at"])
    timed = ("_at", "_due", "_start", "_from")
    for name, value in given.items():
        if isinstance(value, str) and name.endswith(timed):
            given[name] = at(value)
    return Fact(**given)


def tally(
    facts: list[Fact], by: str, *, period: Period, known_at: datetime
) -> dict[str | None, Tally]:
    groups: defaultdict[str | None, Tally] = defaultdict(Tally)
    for state in map(mark, facts):
        seen(state, period, known_at).add_to(groups[KEYS[by](state)])
    return ordered(groups)


def verdict_of(
    metric: str, fact: Fact, *, month: str = "2026-11", known_at: datetime = KNOWN_AT
) -> Verdict | None:
    letter = seen(mark(fact), period(month), known_at).letter(BY_ID[metric])
    return None if letter == NOTHING else VERDICTS[letter]


def outcome(
    metric: str, fact: Fact, *, month: str = "2026-11", known_at: datetime = KNOWN_AT
) -> Decimal | str | None:
    """The worth of a round in a metric, the reason it stays out, or None when not its business."""
    verdict = verdict_of(metric, fact, month=month, known_at=known_at)
    if verdict is None:
        return None
    return verdict.reason if verdict.worth is None else verdict.worth


def tally_of(facts: list[Fact], *, month: str = "2026-11") -> Tally:
    """All in one group."""
    (one,) = tally(facts, "unit", period=period(month), known_at=KNOWN_AT).values()
    return one


def november_vector() -> list[Fact]:
    """The ten tickets of domain §8's test vector."""
    contact = ["yes"] * 7 + ["no"] + ["unrated"] * 2
    valuation = ["resolved"] * 6 + ["explained"] * 3 + ["other"]
    overall = (
        ["satisfied"] * 4 + ["mostly_satisfied"] * 2 + ["neutral", "dissatisfied"] + ["unrated"] * 2
    )
    facts = [
        make_fact(n, rated_contact=contact[n], case_valuation=valuation[n], overall=overall[n])
        for n in range(9)
    ]
    late = make_fact(
        9,
        completed_at="11-18 10:00",
        replied_at="11-18 09:00",
        rated_contact=contact[9],
        case_valuation=valuation[9],
        overall=overall[9],
    )
    return [*facts, late]
