"""One example for each operation on schemes and ranks."""

from typing import Any

from services.scoring.examples import ROW, SCORES

DRAFT: dict[str, Any] = {
    "id": "ja-default",
    "title": "综合考核（2027 年）",
    "weights": {
        "first_contact_rate": "20",
        "on_time_completion_rate": "20",
        "timely_reply_rate": "15",
        "actual_resolution_rate": "20",
        "satisfaction_score": "25",
    },
    "resolution_mode": "explained_counts",
    "bonus": {"praise": "0.5"},
    "penalty": {"overdue": "1", "repeat": "0.5", "rework": "1"},
    "curves": {"on_time_completion_rate": {"below": "80", "full": "98", "slope": "0.5"}},
    "branches": [
        {
            "when": {"max_intake": 20},
            "weights": {"first_contact_rate": "40", "satisfaction_score": "60"},
        }
    ],
}
DRAFTED: dict[str, Any] = {
    **DRAFT,
    "version": 2,
    "free": {},
    "bonus_cap": "5",
    "penalty_cap": None,
    "floor": "0",
    "ceiling": "105",
    "rescaled": True,
    "min_sample": 5,
    "tiers": {"by": ["kind"], "volume": []},
    "state": "draft",
    "author": "样例管理员",
    "created_at": "2026-11-23T10:00:00+08:00",
    "effective_from": None,
    "approved_by": None,
    "activated_at": None,
}
SCHEME = {
    **DRAFTED,
    "state": "active",
    "effective_from": "2026-12-01T00:00:00+08:00",
    "approved_by": "样例局领导",
    "activated_at": "2026-11-24T09:00:00+08:00",
}
SCHEMES = {"items": [SCHEME], "next_cursor": None}
TRIAL = {
    "before": SCORES,
    "after": {**SCORES, "scheme": {"id": "ja-default", "version": 2}},
    "moves": [{"key": "sanitation-section", "from": 2, "to": 1}],
    "flips": [
        {
            "no": "T20261118-000731",
            "round": 1,
            "metric": "actual_resolution_rate",
            "from": "0",
            "to": "1",
            "why": "解决率口径由“只计实际解决”改为“解释说明也计入”，"
            "本件由计入分母、不计分子改为计入分子",
        }
    ],
}
RANKS = {
    "period": SCORES["period"],
    "by": "unit",
    "scheme": {"id": "ja-default", "version": 1},
    "min_sample": 5,
    "known_at": SCORES["known_at"],
    "tiers": [
        {
            "tier": "section",
            "name": "业务科室",
            "rows": [
                {
                    "key": "sanitation-section",
                    "name": "环卫管理科（样例）",
                    "score": "80.71",
                    "rank": 2,
                    "note": "一件工单即可改变名次",
                    "satisfaction": ROW["metrics"]["satisfaction_score"],
                    "overdue": 1,
                    "sensitivity": {
                        "up": {"tickets": 1, "metric": "on_time_completion_rate"},
                        "down": None,
                    },
                }
            ],
        }
    ],
}
