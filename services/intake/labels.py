"""The words people read about reconciliation (对账)."""

from collections.abc import Mapping
from types import MappingProxyType

from services.intake.rules.reconciling import CaseKind, CaseState, Field

KINDS: Mapping[CaseKind, str] = MappingProxyType(
    {
        CaseKind.MISSING_HERE: "我方缺",
        CaseKind.MISSING_THERE: "平台缺",
        CaseKind.HELD: "已收未入",
        CaseKind.DIFFERS: "不一致",
    }
)
STATES: Mapping[CaseState, str] = MappingProxyType(
    {
        CaseState.OPEN: "未了",
        CaseState.ACCEPTED: "已接受",
        CaseState.RESOLVED: "已消除",
    }
)
FIELDS: Mapping[Field, str] = MappingProxyType(
    {
        Field.STATE: "状态",
        Field.RECEIVED_AT: "来件时间",
        Field.COMPLETED_AT: "办结时间",
    }
)
CONFLICTS: Mapping[str, str] = MappingProxyType(
    {
        "OTHER_LIST": "同一 webhook-id 已用于不同的名单",
        "OLDER_LIST": "这一日已有更新的名单",
        "NOT_OPEN": "这一差异已了结",
        "NOT_MISSING": "只有我方缺或已收未入的可以请平台重推",
        "NO_ADDRESS": "此平台没有登记重推地址",
        "UNDER_WAY": "上一次请平台重推尚未送达",
    }
)
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "TWICE": "名单中已有这个编号",
        "OTHER_DAY": "不是所取的那一日",
        "UNKNOWN_UNIT": "没有这个单位",
    }
)
