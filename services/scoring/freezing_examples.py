"""Examples of what is told of frozen months, of changes, checks and a ticket's figures."""

from typing import Any

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
