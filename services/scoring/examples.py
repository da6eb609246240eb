"""One example for each operation, as in the API's own description."""

from typing import Any

from services.scoring.exports.columns import COLUMNS, Kind

RATE = {"num": "7", "den": 8, "value": "87.50", "excluded": {"unrated": 2}}
ON_TIME = {"num": "9", "den": 10, "value": "90.00", "excluded": {}}
ROW: dict[str, Any] = {
    "key": "sanitation-section",
    "name": "环卫管理科（样例）",
    "intake": 10,
    "metrics": {
        "first_contact_rate": RATE,
        "first_contact_rate_ops": {**ON_TIME, "num": "10", "value": "100.00"},
        "on_time_completion_rate": ON_TIME,
        "on_time_completion_rate_closed": ON_TIME,
        "timely_reply_rate": ON_TIME,
        "actual_resolution_rate": {
            "num": "6",
            "den": 9,
            "value": "66.67",
            "excluded": {"unvalued": 1},
        },
        "actual_resolution_rate_reasonable_only": {
            "num": "6",
            "den": 6,
            "value": "100.00",
            "excluded": {},
        },
        "actual_resolution_rate_explained_counts": {
            "num": "9",
            "den": 9,
            "value": "100.00",
            "excluded": {"unvalued": 1},
        },
        "satisfaction_score": {
            "num": "6.2",
            "den": 8,
            "value": "77.50",
            "excluded": {"unrated": 2},
        },
    },
    "intervals": {
        "first_contact_rate": {"low": "52.91", "high": "97.76", "note": "与其余各行合计无显著差别"}
    },
    "pending": {"appeals": 0, "exclusions": 0},
    "composite": "81.71",
    "adjustments": [{"rule": "overdue", "points": "-1", "tickets": 1}],
    "score": "80.71",
    "rank": 1,
    "tier": "section",
    "note": None,
}
SCORES = {
    "period": {
        "id": "2026-11",
        "from": "2026-11-01T00:00:00+08:00",
        "to": "2026-12-01T00:00:00+08:00",
    },
    "by": "unit",
    "scheme": {"id": "ja-default", "version": 1},
    "calendar_version": "2026.1",
    "known_at": "2026-11-30T17:42:10.512345+08:00",
    "frozen": False,
    "rows": [ROW],
    "total": {**ROW, "key": "total", "name": "合计", "rank": None, "tier": None},
}
FIGURE = {
    "items": [{"no": "T20261118-000731", "round": 1, "value": "0.8", "reason": None}],
    "next_cursor": None,
}
METRICS = {
    "items": [
        {
            "id": "satisfaction_score",
            "name": "满意度测评得分",
            "definition": "满意计1、基本满意0.8、一般0.6、不满意0，按办结时间归期",
            "numerator": "各次评价的分值之和",
            "denominator": "期间内办结、回访中作出评价的轮次",
            "exclusions": {"unrated": "回访接通而未作评价"},
            "unit": "分",
            "version": 1,
        }
    ],
    "next_cursor": None,
}
CITY_RANKS = {
    "items": [
        {
            "period": "2022-11",
            "scope": "trade",
            "rank": 1,
            "of": 16,
            "score": "98.60",
            "source": "city-12345",
            "published_at": "2022-12-05T10:00:00+08:00",
        }
    ],
    "next_cursor": None,
    "streak_top3": 5,
}

# What stands in a column of which nothing else is told.
OF_KIND: dict[Kind, Any] = {
    Kind.WORD: None,
    Kind.TEXT: "…",
    Kind.NUMBER: 0,
    Kind.WORTH: "1",
    Kind.FLAG: False,
    Kind.MOMENT: "2026-11-18T09:12:00+08:00",
}
FACTS = {
    "items": [
        {column.name: OF_KIND[column.kind] for column in COLUMNS}
        | {
            "round": 1,
            "no": "T20261118-000731",
            "source": "city-12345",
            "unit": "sanitation-section",
            "opened_at": "2026-11-18T09:12:00+08:00",
            "completed_at": "2026-11-24T17:00:00+08:00",
            "removed": None,
            "completed_month": "2026-11",
            "adjusted": False,
            "intake": 1,
            "satisfaction_score": "0.8",
            "satisfaction_score_excluded": None,
        }
    ],
    "next_cursor": "…",
}
