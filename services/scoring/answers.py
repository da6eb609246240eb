"""Answers as they leave: numbers as decimal text, times in Shanghai, names in Chinese."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.scoring import labels
from services.scoring.actions.scores import Sheet
from services.scoring.queries.city_ranks import CityRank
from services.scoring.queries.counting import Counted
from services.scoring.rules.intervals import is_distinct, wilson
from services.scoring.rules.marks import VERDICTS
from services.scoring.rules.metrics import METRICS, RATES, Measure, Metric
from services.scoring.rules.periods import Period
from services.scoring.rules.ranks import Row
from services.scoring.rules.schemes import Scheme
from services.scoring.rules.tallies import Figure, Key, Tally
from services.scoring.rules.verdicts import EXCLUSIONS
from shared.domain.calendar import CITY_ZONE
from shared.domain.rulebook import Unit
from shared.domain.words import Trade
from shared.labels import TRADES

TOTAL_KEY = "total"
PERCENTAGES = tuple(metric.id for metric in METRICS if metric.measure is Measure.PERCENT)


def sheet_body(
    sheet: Sheet,
    *,
    period: Period,
    by: str,
    scheme: Scheme,
    calendar: str,
    units: Mapping[str, Unit],
) -> dict[str, Any]:
    return {
        "period": {"id": period.id, "from": period.start.isoformat(), "to": period.end.isoformat()},
        "by": by,
        "scheme": {"id": scheme.id, "version": scheme.version},
        "calendar_version": calendar,
        "known_at": instant_text(sheet.known_at),
        "frozen": False,
        "rows": [
            row_body(row, row.key, name_of(row.key, by, units), whole=sheet.whole)
            for row in sheet.rows
        ],
        "total": row_body(sheet.total, TOTAL_KEY, labels.TOTAL, whole=sheet.total.tally),
    }


def row_body(row: Row, key: Key, name: str, *, whole: Tally) -> dict[str, Any]:
    figures = row.tally.figures
    return {
        "key": key,
        "name": name,
        "intake": row.tally.count("intake"),
        "metrics": {metric: figure_body(figures[metric]) for metric in RATES},
        "intervals": {
            metric: interval_body(figures[metric], whole.figures[metric]) for metric in PERCENTAGES
        },
        "pending": {
            "appeals": row.tally.count("pending_appeal_count"),
            "exclusions": row.tally.count("pending_exclusion_count"),
        },
        "composite": None if row.composite is None else number_text(row.composite, places=2),
        "adjustments": [
            {"rule": one.rule, "points": number_text(one.points), "tickets": one.tickets}
            for one in row.adjustments
        ],
        "score": None if row.score is None else number_text(row.score, places=2),
        "rank": row.rank,
        "tier": row.tier,
        "note": note_text(row),
    }


def note_text(row: Row) -> str | None:
    """Why a row has no rank."""
    if row.note is None or row.entrant is None:
        return None
    return labels.NOTES[row.note].format(least=row.entrant.scheme.min_sample)


def figure_body(figure: Figure) -> dict[str, Any]:
    return {
        "num": tenths_text(figure.tenths),
        "den": figure.den,
        "value": figure.percent,
        "excluded": dict(sorted(figure.excluded.items())),
    }


def interval_body(figure: Figure, whole: Figure) -> dict[str, Any] | None:
    """How sure a percentage is: Wilson's 95 % interval, and a word where it may well be that of
    all others together; None of nothing."""
    one = (figure.tenths // 10, figure.den)
    rest = ((whole.tenths - figure.tenths) // 10, whole.den - figure.den)
    interval = wilson(*one)
    if interval is None:
        return None
    alike = rest[1] > 0 and not is_distinct(one, rest)
    return {
        "low": f"{interval.low:.2f}",
        "high": f"{interval.high:.2f}",
        "note": labels.NOT_DISTINCT if alike else None,
    }


def tenths_text(tenths: int) -> str:
    """Of a whole number of tenths, as short as it goes."""
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def name_of(key: Key, by: str, units: Mapping[str, Unit]) -> str:
    """As it is called today (ruling 57); what has no name of its own goes by its key."""
    if key is None:
        return labels.UNKNOWN[by]
    if by in ("unit", "section", "executor"):
        unit_id, _, part = key.partition("/")
        unit = units[unit_id].name if unit_id in units else unit_id
        return f"{unit} {part}".rstrip()
    return TRADES[Trade(key)] if by == "trade" else key


def counted_body(counted: Counted) -> dict[str, Any]:
    verdict = VERDICTS[counted.letter]
    worth = verdict.worth
    return {
        "no": counted.no,
        "round": counted.round,
        "value": None if worth is None else number_text(worth),
        "reason": verdict.reason,
    }


def exclusions_of(metric: Metric) -> tuple[str, ...]:
    """Counts tell of rounds that are there: nothing is left out of them by name."""
    if metric.measure is Measure.TICKETS:
        return ()
    return tuple(dict.fromkeys((*metric.excludes, *EXCLUSIONS)))


def metric_body(metric: Metric) -> dict[str, Any]:
    text = labels.METRICS[metric.id]
    return {
        "id": metric.id,
        "name": text.name,
        "definition": text.definition,
        "numerator": text.numerator,
        "denominator": text.denominator,
        "exclusions": {reason: labels.EXCLUSIONS[reason] for reason in exclusions_of(metric)},
        "unit": labels.UNITS[metric.measure],
        "version": metric.version,
    }


def city_rank_body(one: CityRank) -> dict[str, Any]:
    return {
        "period": one.period,
        "scope": one.scope,
        "rank": one.rank,
        "of": one.of,
        "score": one.score,
        "source": one.source,
        "published_at": one.published_at.astimezone(CITY_ZONE).isoformat(),
    }


def number_text(value: Decimal, *, places: int | None = None) -> str:
    """Never in exponents; as short as it goes where no places are asked for."""
    return f"{value.normalize():f}" if places is None else f"{value:.{places}f}"


def instant_text(at: datetime) -> str:
    """Known-at times are told to the microsecond."""
    return at.astimezone(CITY_ZONE).isoformat(timespec="microseconds")
