"""What a row of a scheme that assesses contractors tells besides: parts, coefficient, 约谈."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.scoring.labels import METRICS
from services.scoring.numbers import hundredths, number_text
from services.scoring.rules.ranks import Row
from services.scoring.rules.schemes import Scheme, half_up
from services.scoring.sanitation_labels import PARTS


def assessment_body(row: Row, scheme: Scheme) -> dict[str, Any]:
    """Of a total, which is nobody's assessment, without values."""
    applied = scheme if row.entrant is None else row.entrant.scheme
    shares = {} if row.entrant is None else row.entrant.shares
    assert applied.assessment is not None
    fee = None if row.score is None else applied.assessment.fee_of(row.score)
    return {
        "parts": {
            part: part_body(part, weight, shares.get(part))
            for part, weight in applied.weights.items()
        },
        "coefficient": None if fee is None else hundredths(fee.coefficient),
        "interview": fee is not None and fee.interview,
    }


def part_body(part: str, weight: Decimal, share: Fraction | None) -> dict[str, Any]:
    """`value` of 100, `points` of the part's own weight; null where nothing is there to weigh."""
    return {
        "name": PARTS[part] if part in PARTS else METRICS[part].name,
        "weight": number_text(weight),
        "value": None if share is None else hundredths(half_up(share * 100)),
        "points": None if share is None else hundredths(half_up(share * Fraction(weight))),
    }
