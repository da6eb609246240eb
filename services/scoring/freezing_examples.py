"""Examples of what is told of frozen months, of changes, checks and a ticket's figures."""

from typing import Any

from services.scoring.examples import RATE

MANIFEST: dict[str, Any] = {
    "period": "2026-11",
    "revision": 2,
    "rows": 1742,
    "sha256": "9f2c5e0b7a4d1c86e3f05b9a2d7c41860ce5b3f7a9d2e4180b6c5f3e7a1d9042",
    "scheme": {"id": "ja-default", "version": 1},
    "calendar_version": "2026.1",
    "reason": "补录迟到的回访结果",
    "known_at": "2026-12-09T16:02:11.000000+08:00",
    "frozen_at": "2026-12-09T16:05:00.000000+08:00",
    "by": "局领导",
    "automatic": False,
}
STANDING: dict[str, Any] = {
    "period": "2026-11",
    "from": "2026-11-01T00:00:00+08:00",
    "to": "2026-12-01T00:00:00+08:00",
    "over": True,
    "frozen": True,
    "revision": 2,
    "freezes_at": "2026-12-07T23:59:59+08:00",
    "revisions": [MANIFEST],
}
CHANGES: dict[str, Any] = {
    "items": [
        {
            "no": "T20261118-000731",
            "round": 1,
            "metric": "satisfaction_score",
            "from": {"value": "1", "reason": None},
            "to": {"value": "0", "reason": None},
            "events": [
                {
                    "seq": 12,
                    "type": "ticket.followed_up",
                    "time": "2026-12-09T10:00:00.000000+08:00",
                    "recordedtime": "2026-12-09T16:02:11.000000+08:00",
                }
            ],
        }
    ],
    "next_cursor": None,
    "from": {"revision": 1, "known_at": "2026-12-07T23:59:59.000000+08:00"},
    "to": {"revision": 2, "known_at": "2026-12-09T16:02:11.000000+08:00"},
}
CHECK: dict[str, Any] = {
    "period": "2026-11",
    "known_at": "2026-12-09T16:02:11.000000+08:00",
    "ok": False,
    "checks": [
        {
            "id": "sums_equal_states",
            "name": "合计与各轮历次状态重数的结果一致",
            "checked": 368,
            "ok": False,
            "differences": [
                {
                    "by": "unit",
                    "key": "sanitation-section",
                    "metric": "first_contact_rate",
                    "told": {**RATE, "den": 9, "value": "77.78"},
                    "counted": RATE,
                }
            ],
        }
    ],
}
FIGURES: dict[str, Any] = {
    "items": [
        {
            "round": 1,
            "metric": "satisfaction_score",
            "name": "满意度测评得分",
            "periods": ["2026-11", "2026"],
            "revision": None,
            "value": "0.8",
            "reason": None,
            "counts_from": None,
            "keys": {"unit": "sanitation-section", "street": "彭浦镇"},
            "links": {
                "unit": "/v1/scores/tickets?period=2026-11&by=unit&key=sanitation-section"
                "&metric=satisfaction_score&part=den"
                "&known_at=2026-12-09T16%3A02%3A11.000000%2B08%3A00"
            },
        }
    ],
    "next_cursor": None,
    "no": "T20261118-000731",
    "known_at": "2026-12-09T16:02:11.000000+08:00",
}
