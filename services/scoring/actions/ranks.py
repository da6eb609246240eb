"""Ranks tier by tier, and how many tickets each of them hangs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.scoring.actions.scores import Question, read_sheet
from services.scoring.rules.ranks import Row
from services.scoring.rules.schemes import Scheme
from services.scoring.rules.sensitivity import Sensitivity, list_sensitivities
from services.scoring.rules.tallies import Key
from shared.db import Tx
from shared.domain.rulebook import Unit


@dataclass(frozen=True, slots=True)
class Standings:
    """`tiers`: the rows of each that the asker may see, the ranked first."""

    tiers: Mapping[str | None, Sequence[Row]]
    sensitivities: Mapping[Key, Sensitivity]
    known_at: datetime


async def read_standings(
    tx: Tx, question: Question, *, scheme: Scheme, units: Mapping[str, Unit]
) -> Standings:
    """Units are ranked among all their peers, also those the asker does not see."""
    everyone = replace(question, scope=None) if question.by == "unit" else question
    sheet = await read_sheet(tx, everyone, scheme=scheme, units=units)
    hidden = question.by == "unit" and question.scope is not None
    seen = [row for row in sheet.rows if not hidden or row.key in (question.scope or ())]
    tiers: dict[str | None, list[Row]] = {}
    for row in sorted(seen, key=lambda row: (row.tier is None, row.tier or "")):
        tiers.setdefault(row.tier, []).append(row)
    return Standings(
        {tier: sorted(rows, key=_place) for tier, rows in tiers.items()},
        list_sensitivities(sheet.rows),
        sheet.known_at,
    )


def _place(row: Row) -> tuple[bool, int, str]:
    return (row.rank is None, row.rank or 0, row.key or "")
