"""Checks, and the figures of one ticket, as they leave."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from services.scoring import labels
from services.scoring.actions.checking import Check, Difference, Result
from services.scoring.actions.figures import TicketFigure
from services.scoring.answers import TOTAL_KEY, figure_body
from services.scoring.freezing_answers import letter_body
from services.scoring.numbers import instant_text
from services.scoring.rules.marks import VERDICTS
from services.scoring.rules.verdicts import Part

CHECKS = {
    Check.ROWS: "各行之和等于合计",
    Check.GROUPINGS: "七种分组的合计一致",
    Check.PARTS: "分子不大于分母，且无负数",
    Check.STATES: "合计与各轮历次状态重数的结果一致",
    Check.FACTS: "合计与考核事实现行判定重数的结果一致",
    Check.COPY: "定版合计与定版各轮重数的结果一致",
    Check.HASH: "定版数字与清单的摘要一致",
}
DRILL_DOWN = "/v1/scores/tickets"


def check_body(period: str, known_at: str, results: Sequence[Result]) -> dict[str, Any]:
    return {
        "period": period,
        "known_at": known_at,
        "ok": not any(result.differences for result in results),
        "checks": [
            {
                "id": result.check,
                "name": CHECKS[result.check],
                "checked": result.figures,
                "ok": not result.differences,
                "differences": [difference_body(one) for one in result.differences],
            }
            for result in results
        ],
    }


def difference_body(one: Difference) -> dict[str, Any]:
    return {
        "by": one.by,
        "key": TOTAL_KEY if one.is_total else one.key,
        "metric": one.metric,
        "told": figure_body(one.told),
        "counted": figure_body(one.counted),
    }


def ticket_figure_body(one: TicketFigure) -> dict[str, Any]:
    """`links` open the drill-down of the very figure, by each grouping."""
    return {
        "round": one.round,
        "metric": one.metric.id,
        "name": labels.METRICS[one.metric.id].name,
        "periods": [one.month.id, one.month.id[:4]],
        "revision": one.view.revision,
        **(letter_body(one.letter) or {}),
        "counts_from": None if one.counts_from is None else instant_text(one.counts_from),
        "keys": one.keys,
        "links": {by: link_of(one, by) for by in one.keys},
    }


def link_of(one: TicketFigure, by: str) -> str:
    excluded = VERDICTS[one.letter].reason is not None
    query: dict[str, str | int] = {
        "period": one.month.id,
        "by": by,
        "key": one.keys[by] or "",
        "metric": one.metric.id,
        "part": Part.EXCLUDED if excluded else Part.DEN,
    }
    if one.view.revision is None:
        query["known_at"] = instant_text(one.view.known_at)
    else:
        query["revision"] = one.view.revision
    return f"{DRILL_DOWN}?{urlencode(query)}"
