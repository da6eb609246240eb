"""Metrics: what each figure counts, once, as data and a pure judgement of one fact (domain §8).

Totals and drill-down both ask `judge`, so they cannot disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from services.scoring.rules.fact import Fact
from services.scoring.rules.periods import Period
from shared.domain.words import (
    AppealFinding,
    AppealType,
    CaseValuation,
    ClockOutcome,
    FactFinding,
    Reached,
    Satisfaction,
    YesNo,
)


class Part(StrEnum):
    NUM = "num"
    DEN = "den"
    EXCLUDED = "excluded"


class Measure(StrEnum):
    """`percent`: 100·num/den; `points`: the same of weights; `tickets`: a plain count."""

    PERCENT = "percent"
    POINTS = "points"
    TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`worth`: what the round adds to the numerator; None where it stays out, for `reason`."""

    worth: Decimal | None
    reason: str | None = None

    def is_in(self, part: Part) -> bool:
        match part:
            case Part.NUM:
                return bool(self.worth)
            case Part.DEN:
                return self.worth is not None
            case Part.EXCLUDED:
                return self.worth is None


YES = Verdict(Decimal(1))
NO = Verdict(Decimal(0))
EXCLUDED: Mapping[str, Verdict] = MappingProxyType(
    {
        reason: Verdict(None, reason)
        for reason in (
            "unrated",
            "unreachable",
            "refused",
            "not_followed_up",
            "unvalued",
            "exempt",
            "no_reply_needed",
        )
    }
)
SATISFACTION: Mapping[str, Verdict] = MappingProxyType(
    {
        Satisfaction.SATISFIED: YES,
        Satisfaction.MOSTLY_SATISFIED: Verdict(Decimal("0.8")),
        Satisfaction.NEUTRAL: Verdict(Decimal("0.6")),
        Satisfaction.DISSATISFIED: NO,
        Satisfaction.UNRATED: EXCLUDED["unrated"],
    }
)
RATED: Mapping[str, Verdict] = MappingProxyType(
    {YesNo.YES: YES, YesNo.NO: NO, YesNo.UNRATED: EXCLUDED["unrated"]}
)
CONTACTED = frozenset({ClockOutcome.MET, ClockOutcome.UNREACHED})
FACTS_HOLD = frozenset({FactFinding.TRUE, FactFinding.PARTLY_TRUE})


@dataclass(frozen=True, slots=True)
class Metric:
    """`dated`: the instant that puts a round into a period; None, and it is in none.

    `judge` answers None for a round that is not the metric's business. `by_due`: a round still
    open enters only once its due has come (ruling 37).
    """

    id: str
    measure: Measure
    dated: Callable[[Fact], datetime | None]
    verdict: Callable[[Fact], Verdict | None]
    by_due: bool = False
    excludes: tuple[str, ...] = ()
    version: int = 1


def judge(metric: Metric, fact: Fact, *, period: Period, known_at: datetime) -> Verdict | None:
    """Whether and how the fact counts in the metric of that period, as known then."""
    if fact.removed is not None:
        return None
    at = metric.dated(fact)
    if at is None or not period.start <= at < period.end:
        return None
    if metric.by_due and fact.completed_at is None and at > known_at:
        return None
    return metric.verdict(fact)


# When


def _opened(fact: Fact) -> datetime | None:
    return fact.opened_at


def _completed(fact: Fact) -> datetime | None:
    return fact.completed_at


def _complete_due(fact: Fact) -> datetime | None:
    return fact.complete_due


def _contact_due(fact: Fact) -> datetime | None:
    """Nobody to call has no due: it is told among the exempt of the month it came in."""
    exempt = fact.contact_outcome == ClockOutcome.EXEMPT
    return fact.opened_at if exempt else fact.contact_due


def _reply_due(fact: Fact) -> datetime | None:
    """No reply owed has no due: it is told among the exempt of the month it fell due."""
    return fact.reply_due or fact.complete_due


# How


def _received(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 else None


def _unanswered(fact: Fact) -> Verdict | None:
    """Why the official follow-up says nothing; None where the citizen was reached."""
    if fact.reached is None:
        return EXCLUDED["not_followed_up" if fact.has_caller else "exempt"]
    return None if fact.reached == Reached.YES else EXCLUDED[fact.reached]


def _rated_contact(fact: Fact) -> Verdict | None:
    return _unanswered(fact) or RATED[fact.rated_contact or YesNo.UNRATED]


def _satisfaction(fact: Fact) -> Verdict | None:
    return _unanswered(fact) or SATISFACTION[fact.overall or Satisfaction.UNRATED]


def _contacted_in_time(fact: Fact) -> Verdict | None:
    if fact.contact_outcome == ClockOutcome.EXEMPT:
        return EXCLUDED["exempt"]
    return YES if fact.contact_outcome in CONTACTED else NO


def _completed_in_time(fact: Fact) -> Verdict | None:
    in_time = (
        fact.completed_at is not None
        and fact.complete_due is not None
        and fact.completed_at <= fact.complete_due
    )
    return YES if in_time else NO


def _replied_in_time(fact: Fact) -> Verdict | None:
    if not fact.need_reply:
        return EXCLUDED["no_reply_needed"]
    if not fact.has_caller or fact.reply_due is None:
        return EXCLUDED["exempt"]
    return YES if fact.replied_at is not None and fact.replied_at <= fact.reply_due else NO


def _resolved(fact: Fact) -> Verdict | None:
    if fact.case_valuation == CaseValuation.RESOLVED:
        return YES
    return NO if fact.case_valuation == CaseValuation.EXPLAINED else EXCLUDED["unvalued"]


def _reasonable_resolved(fact: Fact) -> Verdict | None:
    """Only where the facts hold, at least in part, and the demand is reasonable and lawful."""
    reasonable = fact.appeal_finding == AppealFinding.REASONABLE
    return _resolved(fact) if reasonable and fact.fact_finding in FACTS_HOLD else None


def _resolved_or_explained(fact: Fact) -> Verdict | None:
    verdict = _resolved(fact)
    return YES if verdict is NO else verdict


def _overdue(fact: Fact) -> Verdict | None:
    return YES if _completed_in_time(fact) is NO else None


def _dissatisfied(fact: Fact) -> Verdict | None:
    return YES if _satisfaction(fact) is NO else None


def _repeated(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 and fact.repeat_of is not None else None


def _reworked(fact: Fact) -> Verdict | None:
    return YES if fact.round > 1 else None


def _praised(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 and fact.appeal_type == AppealType.PRAISE else None


PERCENT, POINTS, TICKETS = Measure.PERCENT, Measure.POINTS, Measure.TICKETS
NO_ANSWER = ("unrated", "unreachable", "refused", "not_followed_up", "exempt")
UNVALUED = ("unvalued",)
NO_REPLY = ("no_reply_needed", "exempt")

METRICS: tuple[Metric, ...] = (
    Metric("intake", TICKETS, _opened, _received),
    Metric("first_contact_rate", PERCENT, _completed, _rated_contact, excludes=NO_ANSWER),
    Metric(
        "first_contact_rate_ops",
        PERCENT,
        _contact_due,
        _contacted_in_time,
        by_due=True,
        excludes=("exempt",),
    ),
    Metric("on_time_completion_rate", PERCENT, _complete_due, _completed_in_time, by_due=True),
    Metric("on_time_completion_rate_closed", PERCENT, _completed, _completed_in_time),
    Metric(
        "timely_reply_rate", PERCENT, _reply_due, _replied_in_time, by_due=True, excludes=NO_REPLY
    ),
    Metric("actual_resolution_rate", PERCENT, _completed, _resolved, excludes=UNVALUED),
    Metric(
        "actual_resolution_rate_reasonable_only",
        PERCENT,
        _completed,
        _reasonable_resolved,
        excludes=UNVALUED,
    ),
    Metric(
        "actual_resolution_rate_explained_counts",
        PERCENT,
        _completed,
        _resolved_or_explained,
        excludes=UNVALUED,
    ),
    Metric("satisfaction_score", POINTS, _completed, _satisfaction, excludes=NO_ANSWER),
    Metric("overdue_count", TICKETS, _complete_due, _overdue, by_due=True),
    Metric("dissatisfied_count", TICKETS, _completed, _dissatisfied),
    Metric("repeat_count", TICKETS, _opened, _repeated),
    Metric("rework_count", TICKETS, _opened, _reworked),
    Metric("praise_count", TICKETS, _opened, _praised),
)
BY_ID: Mapping[str, Metric] = MappingProxyType({metric.id: metric for metric in METRICS})
RATES: tuple[str, ...] = tuple(m.id for m in METRICS if m.measure is not TICKETS)
