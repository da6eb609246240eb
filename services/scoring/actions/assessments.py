"""The assessment of every contractor of one month, from its parts to its fee."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from services.scoring.actions.sanitation import assess, assessed
from services.scoring.actions.scores import Question, ask, read_tallies
from services.scoring.queries.counting import Scope
from services.scoring.rules.periods import Period
from services.scoring.rules.sanitation import (
    LOWER_IS_BETTER,
    SANITATION_V1,
    Assessment,
    Coupled,
    Outcome,
    conclude,
)
from services.scoring.rules.tallies import Tally
from shared.db import Tx
from shared.domain.rulebook import Rulebook

Shares = Mapping[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One contractor: what of 1 each part has reached, what comes off, and what it comes to."""

    contractor: str
    shares: Shares
    coupled: Coupled
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Assessments:
    lines: tuple[Line, ...]
    known_at: datetime


async def read_assessments(
    tx: Tx,
    period: Period,
    *,
    scope: Scope,
    rulebook: Rulebook,
    known_at: datetime | None = None,
    assessment: Assessment = SANITATION_V1,
) -> Assessments:
    """Every contractor with an inspection, a media item, a deduction or a round it has led."""
    question = Question(period, "unit", scope, known_at)
    asked = await ask(tx, question, scope=None)
    tallies = {
        unit: tally
        for unit, tally in (await read_tallies(tx, question, asked)).items()
        if unit is not None and rulebook.is_contractor(unit) and not tally.is_empty
    }
    found = await assess(tx, period, assessment=assessment, known_at=known_at)
    nothing = assessed(assessment, None, 0, ())
    lines = []
    for contractor in sorted(found.keys() | tallies.keys()):
        if scope is not None and contractor not in scope:
            continue
        one = found.get(contractor, nothing)
        shares = shares_of(assessment, tallies.get(contractor), one.parts)
        outcome = conclude(assessment, shares, one.coupled)
        lines.append(Line(contractor, shares, one.coupled, outcome))
    return Assessments(tuple(lines), asked.wanted.known_at)


def shares_of(assessment: Assessment, tally: Tally | None, parts: Shares) -> Shares:
    """What is no part of the assessment's own is a metric of the rounds the contractor led."""
    return {
        name: parts[name] if name in parts else _share(name, tally) for name in assessment.weights
    }


def _share(metric: str, tally: Tally | None) -> Fraction | None:
    share = tally.figures[metric].share if tally is not None else None
    return 1 - share if share is not None and metric in LOWER_IS_BETTER else share
