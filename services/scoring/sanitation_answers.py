"""The sanitation assessment as it leaves: decimal text, months as YYYY-MM, reasons in Chinese."""

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.scoring.actions.assessments import Assessments, Line
from services.scoring.answers import instant_text, number_text
from services.scoring.registers import Register
from services.scoring.rules.appealing import AppealWord, appeal_state
from services.scoring.rules.deductions import Deduction
from services.scoring.rules.periods import Period
from services.scoring.rules.sanitation import Assessment, Coupled
from services.scoring.rules.schemes import half_up
from services.scoring.sanitation_labels import APPEALS, PARTS, RULES, reason_text
from shared.domain.calendar import CITY_ZONE
from shared.domain.rulebook import Unit

DEDUCTION_COLUMNS = tuple(Deduction.__slots__)


def month_text(month: int) -> str:
    return f"{month // 100}-{month % 100:02d}"


def register_body(register: Register, row: Any) -> dict[str, Any]:
    """One revision of an inspection or a media item."""
    content = {name: _plain(name, getattr(row, name)) for name in register.content}
    return {
        "id": getattr(row, register.key),
        "revision": row.revision,
        **content,
        "withdrawn": None if row.withdrawn_for is None else {"reason": row.withdrawn_for},
        "recorded_at": row.recorded_at.astimezone(CITY_ZONE).isoformat(),
        "recorded_by": row.actor_name,
    }


def _plain(name: str, value: Any) -> Any:
    if name == "month":
        return month_text(value)
    if isinstance(value, Decimal):
        return number_text(value, places=2)
    return value


def assessments_body(
    found: Assessments, assessment: Assessment, *, period: Period, units: Mapping[str, Unit]
) -> dict[str, Any]:
    return {
        "period": period.id,
        "scheme": {"id": assessment.id, "version": assessment.version},
        "known_at": instant_text(found.known_at),
        "rows": [line_body(line, assessment, units) for line in found.lines],
    }


def line_body(line: Line, assessment: Assessment, units: Mapping[str, Unit]) -> dict[str, Any]:
    unit, fee = units.get(line.contractor), line.outcome.fee
    return {
        "contractor": line.contractor,
        "name": unit.name if unit is not None else line.contractor,
        "parts": {
            part: part_body(part, weight, line.shares[part])
            for part, weight in assessment.weights.items()
        },
        "deductions": coupled_body(line.coupled),
        "composite": _places(line.outcome.composite),
        "score": _places(line.outcome.score),
        "coefficient": None if fee is None else _places(fee.coefficient),
        "interview": fee is not None and fee.interview,
    }


def part_body(part: str, weight: Decimal, share: Fraction | None) -> dict[str, Any]:
    """`value` of 100, `points` of the part's own weight; null where nothing is there to weigh."""
    return {
        "name": PARTS[part],
        "weight": number_text(weight),
        "value": None if share is None else _places(half_up(share * 100)),
        "points": None if share is None else _places(half_up(share * Fraction(weight))),
    }


def coupled_body(coupled: Coupled) -> dict[str, Any]:
    return {
        "total": number_text(coupled.total),
        "applied": number_text(coupled.applied),
        "capped": coupled.capped,
        "by_rule": [
            {
                "rule": one.rule,
                "name": RULES[one.rule],
                "points": number_text(one.points),
                "count": one.count,
            }
            for one in coupled.adjustments
        ],
    }


def _places(value: Decimal | None) -> str | None:
    return None if value is None else number_text(value, places=2)


def deduction_id(subject: str, row: Deduction, *, ordinal: int | None = None) -> str:
    """The same for the same row however often it is made anew; tells nothing of the ticket."""
    name = f"{subject}/{row.round}/{row.rule}/{ordinal or row.ordinal}"
    return "D-" + hashlib.sha256(name.encode()).hexdigest()[:16]


def deduction_body(
    found: Any, *, units: Mapping[str, Unit], appeals: Iterable[AppealWord]
) -> dict[str, Any]:
    """`found`: a row of the list; the ticket is named only to whoever may know it."""
    row = Deduction(**{name: getattr(found, name) for name in DEDUCTION_COLUMNS})
    is_ticket = found.ticket_id is not None
    state = appeal_state(row.rule, row.round, appeals) if is_ticket else "none"
    unit = units.get(row.contractor)
    return {
        "id": deduction_id(found.subject, row),
        "period": month_text(row.month),
        "contractor": row.contractor,
        "contractor_name": unit.name if unit is not None else row.contractor,
        "ticket": found.subject if is_ticket and found.is_told else None,
        "round": row.round if is_ticket else None,
        "media_item": None if is_ticket else found.subject,
        "rule": row.rule,
        "points": number_text(row.points),
        "reason": reason_text(row.rule, row.cause, road=row.road),
        "cause": row.cause,
        "road": row.road,
        "entry": row.seq,
        "recorded_at": instant_text(row.recorded_at),
        "appeal": state,
        "appeal_text": APPEALS[state],
        "reverses": None
        if row.reverses is None
        else deduction_id(found.subject, row, ordinal=row.reverses),
    }
