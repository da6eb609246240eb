"""How one round counts in each metric (domain §8): a pure judgement of its fact.

None: not the metric's business. An appeal that was granted speaks for the round (ruling 40).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from services.scoring.rules.fact import Fact
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


Judgement = Callable[[Fact], Verdict | None]

NO_ANSWER = ("unrated", "unreachable", "refused", "not_followed_up", "exempt", "appeal")
UNVALUED = ("unvalued",)
NO_REPLY = ("no_reply_needed", "exempt")
EXEMPT = ("exempt",)
# Why a ticket may be left out of every rate by decision (contract §6).
EXCLUSIONS = (
    "emergency_line",
    "legal_procedure",
    "unlawful",
    "secret_or_privacy",
    "malicious",
    "duplicate",
    "false_contact",
    "outside_remit",
    "force_majeure",
    "untrue",
)
YES = Verdict(Decimal(1))
NO = Verdict(Decimal(0))
EXCLUDED: Mapping[str, Verdict] = MappingProxyType(
    {
        reason: Verdict(None, reason)
        for reason in (*NO_ANSWER, *UNVALUED, *NO_REPLY, *EXEMPT, *EXCLUSIONS)
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


def received(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 else None


def _unanswered(fact: Fact) -> Verdict | None:
    """Why the official follow-up says nothing; None where the citizen was reached."""
    if fact.has_won("follow_up"):
        return EXCLUDED["appeal"]
    if fact.reached is None:
        return EXCLUDED["not_followed_up" if fact.has_caller else "exempt"]
    return None if fact.reached == Reached.YES else EXCLUDED[fact.reached]


def rated_contact(fact: Fact) -> Verdict | None:
    return _unanswered(fact) or RATED[fact.rated_contact or YesNo.UNRATED]


def satisfaction(fact: Fact) -> Verdict | None:
    return _unanswered(fact) or SATISFACTION[fact.overall or Satisfaction.UNRATED]


def contacted_in_time(fact: Fact) -> Verdict | None:
    if fact.contact_outcome == ClockOutcome.EXEMPT:
        return EXCLUDED["exempt"]
    won = fact.has_won("clock:first_contact")
    return YES if won or fact.contact_outcome in CONTACTED else NO


def accepted_in_time(fact: Fact) -> Verdict | None:
    if fact.accept_due is None:
        return None
    return YES if fact.accepted_at is not None and fact.accepted_at <= fact.accept_due else NO


def completed_in_time(fact: Fact) -> Verdict | None:
    in_time = (
        fact.completed_at is not None
        and fact.complete_due is not None
        and fact.completed_at <= fact.complete_due
    )
    return YES if in_time or fact.has_won("clock:complete") else NO


def replied_in_time(fact: Fact) -> Verdict | None:
    if not fact.need_reply:
        return EXCLUDED["no_reply_needed"]
    if not fact.has_caller or fact.reply_due is None:
        return EXCLUDED["exempt"]
    in_time = fact.replied_at is not None and fact.replied_at <= fact.reply_due
    return YES if in_time or fact.has_won("clock:reply") else NO


def resolved(fact: Fact) -> Verdict | None:
    if fact.case_valuation == CaseValuation.RESOLVED:
        return YES
    return NO if fact.case_valuation == CaseValuation.EXPLAINED else EXCLUDED["unvalued"]


def reasonable_resolved(fact: Fact) -> Verdict | None:
    """Only where the facts hold, at least in part, and the demand is reasonable and lawful."""
    reasonable = fact.appeal_finding == AppealFinding.REASONABLE
    return resolved(fact) if reasonable and fact.fact_finding in FACTS_HOLD else None


def resolved_or_explained(fact: Fact) -> Verdict | None:
    verdict = resolved(fact)
    return YES if verdict is NO else verdict


def overdue(fact: Fact) -> Verdict | None:
    return YES if completed_in_time(fact) is NO else None


def dissatisfied(fact: Fact) -> Verdict | None:
    return YES if satisfaction(fact) is NO else None


def repeated(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 and _is_repeat(fact) else None


def repeated_or_not(fact: Fact) -> Verdict | None:
    if fact.round > 1:
        return None
    return YES if _is_repeat(fact) else NO


def _is_repeat(fact: Fact) -> bool:
    return fact.repeat_of is not None and not fact.has_won("repeat")


def a_rework(fact: Fact) -> Verdict | None:
    return YES if fact.round > 1 else None


def reworked_or_not(fact: Fact) -> Verdict | None:
    return YES if fact.reworked else NO


def returned_or_not(fact: Fact) -> Verdict | None:
    return YES if fact.returns else NO


def wrongly_returned(fact: Fact) -> Verdict | None:
    return YES if fact.wrong_returns else None


def extended_or_not(fact: Fact) -> Verdict | None:
    return YES if fact.extended else NO


def praised(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 and fact.appeal_type == AppealType.PRAISE else None


def appealed(fact: Fact) -> Verdict | None:
    return YES if fact.pending_appeals else None


def exclusion_asked(fact: Fact) -> Verdict | None:
    return YES if fact.round == 1 and fact.pending_exclusion else None
