"""Examples shown in the API description. Fictitious."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

BODIES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "triage": {"trade": "sanitation", "category": "S-05"},
        "dispatch": {"lead": "sanitation-section", "assists": ["chengfa-sanitation"]},
        "accept": {"executor": "李工", "section": "设施组"},
        "contact": {"result": "reached", "mode": "phone", "content": "已告知受理情况"},
        "dispose": {"text": "清运满溢垃圾并冲洗地面", "site_check": "yes"},
        "site-visit": {
            "findings": "压缩站作业时段偏晚，噪声明显",
            "participants": ["李工", "王站长"],
            "commitments": [
                {"text": "末班作业提前至21时", "owner": "王站长", "due_on": "2026-11-30"}
            ],
        },
        "feedback": {
            "summary": "已清运并调整作业时段",
            "fact_finding": "true",
            "appeal_finding": "excessive",
            "appeal_note": "站点合法设置，不具备搬迁条件",
            "case_valuation": "explained",
            "contact_id": "C4",
        },
        "reject-feedback": {"comment": "请补充整改后照片"},
        "reply": {"mode": "phone", "reply_points": "作业时段已提前，噪声已整改"},
        "complete": {},
        "return": {"reason_code": "not_ours", "reason": "该路段由市属单位养护"},
        "decide-return": {"granted": True, "comment": "情况属实，另派"},
        "request-upstream-return": {
            "reason_code": "not_ours",
            "reason": "违法搭建，不属绿化市容职责",
            "suggested_owner": "城管执法",
        },
        "request-extension": {
            "reason_code": "materials",
            "reason": "灯具须定制",
            "days": 5,
        },
        "decide-extension": {"granted": True, "comment": "同意，报上级平台"},
        "merge": {"into": "T20261118-000730"},
        "void": {"reason": "重复录入"},
        "confirm-void": {"granted": True, "comment": "同意作废"},
        "appeal": {
            "verdict": "clock:complete",
            "reason": "期间道路封闭施工，清运车辆无法进入",
            "evidence": [{"kind": "document", "url": "https://files.example/closure.pdf"}],
        },
        "decide-appeal": {"granted": True, "comment": "情况属实，不计超期"},
        "exclude": {"reason_code": "outside_remit", "reason": "所反映的事项由房管部门负责"},
        "decide-exclusion": {"granted": True, "comment": "同意剔除"},
        "follow-up": {
            "reached": "yes",
            "first_contact": "yes",
            "overall": "mostly_satisfied",
            "attitude": "satisfied",
            "solved": "yes",
            "redo": False,
        },
        "reveal": {
            "field": "phone",
            "reason_code": "contact_caller",
            "reason": "先行联系",
        },
        "urge": {"text": "市民再次来电，请尽快处置"},
        "supervise": {"text": "列入督办", "level": 1},
    }
)
MATTER_BODIES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "attach": {"ticket": "T20261118-000731", "reason": "反映同一压缩站"},
        "detach": {"ticket": "T20261118-000731", "reason": "所反映的是另一处站点"},
        "note": {
            "text": "夜间复查，末班作业已提前至21时",
            "measure": True,
            "kept": ["T20261118-000731-P6-0"],
        },
        "close": {"reason": "措施均已落实，连续三个月无人再反映"},
    }
)
EVENT = {
    "specversion": "1.0",
    "id": "1-731-5",
    "source": "/bureaus/1/tickets",
    "type": "ticket.accepted",
    "subject": "T20261118-000731",
    "time": "2026-11-18T11:00:00+08:00",
    "recordedtime": "2026-11-18T11:00:00+08:00",
    "datacontenttype": "application/json",
    "data": {"unit": "sanitation-section"},
}
CLOCK = {
    "name": "complete",
    "round": 1,
    "unit": None,
    "start": "2026-11-18T09:12:00+08:00",
    "due": "2026-11-25T23:59:59+08:00",
    "state": "met",
    "stopped_at": "2026-11-24T17:00:00+08:00",
    "ordinal": 1,
    "rule": "limit.complaint=5wd",
    "limits_version": "default-1",
    "calendar_version": "2026.1",
    "segments": [
        {
            "from": "2026-11-18T09:12:00+08:00",
            "to": "2026-11-24T17:00:00+08:00",
            "kind": "running",
            "working_seconds": 140280,
        }
    ],
    "margin_seconds": 111599,
    "text": "……",
}
