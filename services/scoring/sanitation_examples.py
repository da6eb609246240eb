"""One example for each operation of the sanitation assessment."""

from typing import Any

INSPECTION: dict[str, Any] = {
    "month": "2026-11",
    "contractor": "chengfa-sanitation",
    "road": "江宁路",
    "street": "江宁路街道",
    "from_no": 6001,
    "to_no": 6399,
    "score": "94.50",
    "inspected_on": "2026-11-12",
    "note": "路面整洁，一处果壳箱满溢",
}
KEPT = {
    "revision": 1,
    "withdrawn": None,
    "recorded_at": "2026-11-13T09:30:00+08:00",
    "recorded_by": "受理员",
}
INSPECTION_KEPT = {"id": "I-5b1f0c2d9e8a7744", **INSPECTION, **KEPT}
MEDIA_ITEM: dict[str, Any] = {
    "month": "2026-11",
    "contractor": "chengfa-sanitation",
    "title": "示例路清晨作业噪声扰民",
    "published_on": "2026-11-15",
    "outlet": "示例晚报",
    "url": "https://news.example/2026/11/15/1",
    "ticket": None,
}
MEDIA_ITEM_KEPT = {"id": "P-0d4e66b1a2c39f58", **MEDIA_ITEM, **KEPT}
WITHDRAWAL = {"reason": "报道所指不是本单位作业路段"}
PART = {"name": "道路保洁指标", "weight": "50", "value": "94.50", "points": "47.25"}
ASSESSMENT = {
    "period": "2026-11",
    "scheme": {"id": "sanitation-v1", "version": 1},
    "known_at": "2026-11-30T17:42:10.512345+08:00",
    "rows": [
        {
            "contractor": "chengfa-sanitation",
            "name": "城发环卫（样例）",
            "parts": {"inspection": PART},
            "deductions": {
                "total": "-2.7",
                "applied": "-2.7",
                "capped": False,
                "by_rule": [
                    {"rule": "fact", "name": "属实工单", "points": "-0.4", "count": 2},
                    {"rule": "overdue", "name": "超期", "points": "-0.3", "count": 1},
                    {"rule": "media", "name": "舆论监督", "points": "-2", "count": 1},
                ],
            },
            "composite": "94.50",
            "score": "91.80",
            "coefficient": "0.99",
            "interview": False,
        }
    ],
}
DEDUCTION = {
    "id": "D-7c2f9a51e0b34d68",
    "period": "2026-11",
    "contractor": "chengfa-sanitation",
    "contractor_name": "城发环卫（样例）",
    "ticket": "T20261118-000731",
    "round": 1,
    "media_item": None,
    "rule": "fact",
    "points": "-0.2",
    "reason": "江宁路：属实工单（事实认定为属实）",
    "cause": "true",
    "road": "江宁路",
    "entry": 9,
    "recorded_at": "2026-11-24T17:00:00.000000+08:00",
    "appeal": "none",
    "appeal_text": "未申诉",
    "reverses": None,
}
