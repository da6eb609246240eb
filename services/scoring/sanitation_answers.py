"""The sanitation assessment as it leaves: decimal text, months as YYYY-MM, reasons in Chinese."""

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from services.scoring.actions.scores import Sheet
from services.scoring.assessment_answers import assessment_body
from services.scoring.numbers import hundredths, instant_text, number_text
from services.scoring.registers import Register
from services.scoring.rules.appealing import AppealWord, appeal_state
from services.scoring.rules.deductions import Deduction
from services.scoring.rules.periods import Period
from services.scoring.rules.ranks import Row
from services.scoring.rules.sanitation import Coupled
from services.scoring.rules.schemes import Scheme
from services.scoring.sanitation_labels import APPEALS, RULES, reason_text
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
    sheet: Sheet, scheme: Scheme, *, period: Period, units: Mapping[str, Unit]
) -> dict[str, Any]:
    return {
        "period": period.id,
        "scheme": {"id": scheme.id, "version": scheme.version},
        "known_at": instant_text(sheet.known_at),
        "rows": [line_body(row, scheme, units) for row in sheet.rows],
    }


def line_body(row: Row, scheme: Scheme, units: Mapping[str, Unit]) -> dict[str, Any]:
    assert row.key is not None
    assert row.entrant is not None
    assert row.entrant.coupled is not None
    unit, told = units.get(row.key), assessment_body(row, scheme)
    return {
        "contractor": row.key,
        "name": unit.name if unit is not None else row.key,
        "parts": told["parts"],
        "deductions": coupled_body(row.entrant.coupled),
        "composite": hundredths(row.composite),
        "score": hundredths(row.score),
        "coefficient": told["coefficient"],
        "interview": told["interview"],
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
                "count": one.tickets,
            }
            for one in coupled.adjustments
        ],
    }


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
