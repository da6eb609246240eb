"""Metrics: what each figure counts, once, as data (domain §8).

Totals, drill-down and exports all ask `verdict_of`, so they cannot disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.scoring.rules import verdicts
from services.scoring.rules.fact import Fact
from services.scoring.rules.verdicts import EXCLUDED, Judgement, Verdict
from shared.domain.words import ClockOutcome


class Measure(StrEnum):
    """`percent`: 100·num/den; `points`: the same of weights; `tickets`: a plain count."""

    PERCENT = "percent"
    POINTS = "points"
    TICKETS = "tickets"


class Dated(StrEnum):
    """What puts a round into a month."""

    OPENED = "opened"
    DISPATCHED = "dispatched"
    CONTACT = "contact"
    DUE = "due"
    COMPLETED = "completed"
    REPLY = "reply"


class Due(StrEnum):
    """What must have come before a round still open counts (ruling 37)."""

    CONTACT = "contact"
    ACCEPT = "accept"
    DUE = "due"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Metric:
    """`excludes`: why rounds stay out, besides a granted exclusion of the ticket.

    `due`: a round still open enters only once that has come.
    """

    id: str
    measure: Measure
    dated: Dated
    verdict: Judgement
    due: Due | None = None
    excludes: tuple[str, ...] = ()
    version: int = 1


PERCENT, POINTS, TICKETS = Measure.PERCENT, Measure.POINTS, Measure.TICKETS
OPENED, DISPATCHED, COMPLETED = Dated.OPENED, Dated.DISPATCHED, Dated.COMPLETED
RESOLUTION = "actual_resolution_rate"

# The order is that of the marks of every stored fact: new metrics go to the end.
METRICS: tuple[Metric, ...] = (
    Metric("intake", TICKETS, OPENED, verdicts.received),
    Metric(
        "first_contact_rate",
        PERCENT,
        COMPLETED,
        verdicts.rated_contact,
        excludes=verdicts.NO_ANSWER,
    ),
    Metric(
        "first_contact_rate_ops",
        PERCENT,
        Dated.CONTACT,
        verdicts.contacted_in_time,
        Due.CONTACT,
        verdicts.EXEMPT,
    ),
    Metric("on_time_completion_rate", PERCENT, Dated.DUE, verdicts.completed_in_time, Due.DUE),
    Metric("on_time_completion_rate_closed", PERCENT, COMPLETED, verdicts.completed_in_time),
    Metric(
        "timely_reply_rate",
        PERCENT,
        Dated.REPLY,
        verdicts.replied_in_time,
        Due.REPLY,
        verdicts.NO_REPLY,
    ),
    Metric(RESOLUTION, PERCENT, COMPLETED, verdicts.resolved, excludes=verdicts.UNVALUED),
    Metric(
        f"{RESOLUTION}_reasonable_only",
        PERCENT,
        COMPLETED,
        verdicts.reasonable_resolved,
        excludes=verdicts.UNVALUED,
    ),
    Metric(
        f"{RESOLUTION}_explained_counts",
        PERCENT,
        COMPLETED,
        verdicts.resolved_or_explained,
        excludes=verdicts.UNVALUED,
    ),
    Metric(
        "satisfaction_score",
        POINTS,
        COMPLETED,
        verdicts.satisfaction,
        excludes=verdicts.NO_ANSWER,
    ),
    Metric("overdue_count", TICKETS, Dated.DUE, verdicts.overdue, Due.DUE),
    Metric("dissatisfied_count", TICKETS, COMPLETED, verdicts.dissatisfied),
    Metric("repeat_count", TICKETS, OPENED, verdicts.repeated),
    Metric("rework_count", TICKETS, OPENED, verdicts.a_rework),
    Metric("praise_count", TICKETS, OPENED, verdicts.praised),
    Metric("timely_accept_rate", PERCENT, DISPATCHED, verdicts.accepted_in_time, Due.ACCEPT),
    Metric("repeat_rate", PERCENT, OPENED, verdicts.repeated_or_not),
    Metric("rework_rate", PERCENT, COMPLETED, verdicts.reworked_or_not),
    Metric("return_rate", PERCENT, DISPATCHED, verdicts.returned_or_not),
    Metric("extension_rate", PERCENT, COMPLETED, verdicts.extended_or_not),
    Metric("wrong_return_count", TICKETS, DISPATCHED, verdicts.wrongly_returned),
    Metric("pending_appeal_count", TICKETS, OPENED, verdicts.appealed),
    Metric("pending_exclusion_count", TICKETS, OPENED, verdicts.exclusion_asked),
)
BY_ID: Mapping[str, Metric] = MappingProxyType({metric.id: metric for metric in METRICS})
RATES: tuple[str, ...] = tuple(m.id for m in METRICS if m.measure is not TICKETS)
# What an exclusion leaves alone: the ticket came in, and somebody waits for a decision.
KEPT = frozenset({"intake", "pending_appeal_count", "pending_exclusion_count"})


def verdict_of(metric: Metric, fact: Fact) -> Verdict | None:
    """How a round that is in some month of the metric counts there."""
    verdict = metric.verdict(fact)
    if fact.excluded_for is None or verdict is None or metric.id in KEPT:
        return verdict
    return None if metric.measure is TICKETS else EXCLUDED[fact.excluded_for]


def plain(fact: Fact) -> Fact:
    """The fact without what was decided on appeals and exclusions."""
    if not fact.appeals and fact.excluded_for is None:
        return fact
    return replace(fact, appeals="", excluded_for=None)


def instant(fact: Fact, dated: Dated) -> datetime | None:
    """Nobody to call has no due, nor has a reply that is not owed: they are told among the exempt
    of the month the round came in, or fell due."""
    match dated:
        case Dated.OPENED:
            return fact.opened_at
        case Dated.DISPATCHED:
            return fact.dispatched_at
        case Dated.CONTACT:
            exempt = fact.contact_outcome == ClockOutcome.EXEMPT
            return fact.opened_at if exempt else fact.contact_due
        case Dated.DUE:
            return fact.complete_due
        case Dated.COMPLETED:
            return fact.completed_at
        case Dated.REPLY:
            return fact.reply_due or fact.complete_due


def due_at(fact: Fact, due: Due) -> datetime | None:
    if due is Due.ACCEPT:
        return fact.accept_due
    return instant(fact, Dated(due.value))
