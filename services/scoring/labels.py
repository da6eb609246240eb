"""What people read of metrics, schemes and groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.scoring.rules.gaming import Doing, Flagged
from services.scoring.rules.metrics import Measure
from services.scoring.rules.ranks import NOT_A_UNIT, NOT_RATEABLE, TOO_FEW_RATED


@dataclass(frozen=True, slots=True)
class MetricText:
    """`numerator` and `denominator` in words, over the period that `definition` names."""

    name: str
    definition: str
    numerator: str
    denominator: str | None


METRICS: Mapping[str, MetricText] = MappingProxyType(
    {
        "intake": MetricText(
            "受理量", "期间内收到的工单数，按来件时间归期，每件只计一次", "收到的工单", None
        ),
        "first_contact_rate": MetricText(
            "先行联系率",
            "以市民回访所答为准，按办结时间归期",
            "市民称已先行联系",
            "期间内办结、回访中对先行联系作答的轮次",
        ),
        "first_contact_rate_ops": MetricText(
            "先行联系率（过程口径）",
            "以联系记录为准，按先行联系时限归期；未办结的到期后计入",
            "时限内联系到市民，或按规定多次联系未果",
            "先行联系时限在期间内的工单",
        ),
        "on_time_completion_rate": MetricText(
            "按时办结率",
            "按现行办结时限归期，到期未办结计为不按时",
            "在时限内办结",
            "办结时限在期间内的轮次；未办结的到期后计入",
        ),
        "on_time_completion_rate_closed": MetricText(
            "按时办结率（办结口径）", "按办结时间归期", "在时限内办结", "期间内办结的轮次"
        ),
        "timely_reply_rate": MetricText(
            "及时回复率",
            "按回复时限归期；回复时限为办结时限与反馈后一个工作日两者中较早的",
            "在时限内回复",
            "须回复、回复时限在期间内的轮次；未办结的到期后计入",
        ),
        "actual_resolution_rate": MetricText(
            "实际解决率",
            "以结案评判为准，按办结时间归期",
            "实际解决",
            "期间内办结、评判为实际解决或解释说明的轮次",
        ),
        "actual_resolution_rate_reasonable_only": MetricText(
            "实际解决率（合理诉求）",
            "同实际解决率，只看事实成立（属实、部分属实）且诉求合理合法的",
            "实际解决",
            "期间内办结的合理诉求，评判为实际解决或解释说明的轮次",
        ),
        "actual_resolution_rate_explained_counts": MetricText(
            "实际解决率（解释亦计）",
            "同实际解决率，解释说明也计入分子",
            "实际解决或解释说明",
            "期间内办结、评判为实际解决或解释说明的轮次",
        ),
        "satisfaction_score": MetricText(
            "满意度测评得分",
            "满意计1、基本满意0.8、一般0.6、不满意0，按办结时间归期",
            "各次评价的分值之和",
            "期间内办结、回访中作出评价的轮次",
        ),
        "overdue_count": MetricText(
            "超期数", "办结时限在期间内、未按时办结的轮次", "超期的轮次", None
        ),
        "dissatisfied_count": MetricText(
            "不满意数", "期间内办结、回访评价为不满意的轮次", "不满意的轮次", None
        ),
        "repeat_count": MetricText("重复件数", "期间内收到、属重复的工单", "重复的工单", None),
        "rework_count": MetricText(
            "重办数", "期间内开始的重办轮次（首轮不计）", "重办的轮次", None
        ),
        "praise_count": MetricText("表扬数", "期间内收到的表扬", "表扬的工单", None),
        "timely_accept_rate": MetricText(
            "及时接单率",
            "按本轮最后派单的时间归期；未办结的，接单时限到期后计入",
            "在时限内接单",
            "期间内派单的轮次",
        ),
        "repeat_rate": MetricText(
            "重复率", "按来件时间归期，每件只计一次", "属重复的工单", "期间内收到的工单"
        ),
        "rework_rate": MetricText(
            "重办率", "按办结时间归期", "其后又重办的轮次", "期间内办结的轮次"
        ),
        "return_rate": MetricText(
            "退单率",
            "按本轮最后派单的时间归期，计在最后派给的单位",
            "曾由单位申请退单的轮次",
            "期间内派单的轮次",
        ),
        "extension_rate": MetricText(
            "延期率", "按办结时间归期", "上级准予延期的轮次", "期间内办结的轮次"
        ),
        "wrong_return_count": MetricText(
            "错退数", "期间内派单、退单申请未获准的轮次", "错退的轮次", None
        ),
        "pending_appeal_count": MetricText(
            "待决申诉数", "期间内开始、申诉尚未决定的轮次", "有待决申诉的轮次", None
        ),
        "pending_exclusion_count": MetricText(
            "待决剔除数", "期间内收到、剔除尚未决定的工单", "有待决剔除的工单", None
        ),
    }
)
UNITS: Mapping[Measure, str] = MappingProxyType(
    {Measure.PERCENT: "%", Measure.POINTS: "分", Measure.TICKETS: "件"}
)
EXCLUSIONS: Mapping[str, str] = MappingProxyType(
    {
        "unrated": "回访接通而未作评价",
        "unreachable": "回访无人接听",
        "refused": "市民拒绝回访",
        "not_followed_up": "尚未回访",
        "unvalued": "未作结案评判，或评判为其他",
        "exempt": "匿名且无电话，无从联系",
        "no_reply_needed": "不须回复",
        "appeal": "申诉获准，回访不计",
        "emergency_line": "属110、119、120、122受理",
        "legal_procedure": "已进入或应通过法定程序处理",
        "unlawful": "违法或违背公序良俗",
        "secret_or_privacy": "涉及国家秘密、商业秘密或个人隐私",
        "malicious": "恶意扰乱",
        "duplicate": "与主件重复",
        "false_contact": "联系方式不实",
        "outside_remit": "超出职责范围",
        "force_majeure": "不可抗力",
        "untrue": "经查不属实",
    }
)
SCHEMES: Mapping[str, str] = MappingProxyType(
    {
        "ja-default": "综合考核（默认）",
        "qp-2018": "青浦 2018 年口径",
        "sanitation-v1": "环卫作业考核",
    }
)
UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "unit": "未派单",
        "section": "科室未填",
        "executor": "承办人未填",
        "trade": "行业未定",
        "street": "街镇不明",
        "source": "来源不明",
        "category": "未分类",
    }
)
TOTAL = "合计"
NOT_DISTINCT = "与其余各行合计无显著差别"
NOTES: Mapping[str, str] = MappingProxyType(
    {
        TOO_FEW_RATED: "有效评价不足 {least} 件，不排名",
        NOT_RATEABLE: "无可计分的指标，不排名",
        NOT_A_UNIT: "不是考核对象，不排名",
    }
)

FLAGS: Mapping[Flagged, str] = MappingProxyType(
    {
        Flagged.BULK_CONTACTS: "短时间内批量登记联系",
        Flagged.LAST_MINUTE: "多次在时限将到时反馈",
        Flagged.COPIED_WORDS: "多件工单所写雷同",
    }
)
DOINGS: Mapping[Doing, str] = MappingProxyType(
    {Doing.CONTACT: "先行联系", Doing.FEEDBACK: "反馈", Doing.REPLY: "回复"}
)
