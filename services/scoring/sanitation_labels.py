"""What people read and write of the sanitation assessment."""

from collections.abc import Mapping
from types import MappingProxyType

TITLE = "环卫作业考核"
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "inspection": "道路保洁指标",
        "timely_accept_rate": "受理",
        "on_time_completion_rate": "处置时效",
        "repeat_rate": "重复工单",
        "media": "舆论监督",
        "satisfaction_score": "满意度",
    }
)
RULES: Mapping[str, str] = MappingProxyType(
    {
        "fact": "属实工单",
        "overdue": "超期",
        "repeat": "重复工单",
        "media": "舆论监督",
        "cap": "超出扣分上限的部分，不计",
    }
)
# Why a row was charged, or why it was made good.
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "true": "事实认定为属实",
        "partly_true": "事实认定为部分属实",
        "overdue": "未按时办结",
        "repeat": "属重复工单",
        "published": "媒体曝光",
        "voided": "工单已作废，冲回",
        "merged": "工单已并入他件，冲回",
        "returned_upstream": "工单已退回上级，冲回",
        "excluded": "工单已剔除，冲回",
        "untrue": "事实认定改为不成立，冲回",
        "other_trade": "工单改属其他行业，冲回",
        "open": "工单尚未办结，冲回",
        "in_time": "改为按时办结，冲回",
        "unlinked": "不再属重复工单，冲回",
        "appeal": "申诉成立，冲回",
        "elsewhere": "路段已更正，不在考核路段上，冲回",
        "moved": "路段或月份已更正，改计，冲回",
        "withdrawn": "记录已撤回，冲回",
    }
)
APPEALS: Mapping[str, str] = MappingProxyType(
    {"none": "未申诉", "pending": "申诉待决", "granted": "申诉成立", "refused": "申诉未获准"}
)
# As the columns of a file may be called, besides the fields' own names.
HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "月份": "month",
        "考核月份": "month",
        "作业单位": "contractor",
        "承办单位": "contractor",
        "单位": "contractor",
        "道路": "road",
        "路名": "road",
        "道路名称": "road",
        "街镇": "street",
        "街道": "street",
        "起始门牌": "from_no",
        "起始门牌号": "from_no",
        "起号": "from_no",
        "终止门牌": "to_no",
        "终止门牌号": "to_no",
        "止号": "to_no",
        "得分": "score",
        "分数": "score",
        "检查得分": "score",
        "检查日期": "inspected_on",
        "备注": "note",
        "标题": "title",
        "刊播日期": "published_on",
        "发布日期": "published_on",
        "媒体": "outlet",
        "链接": "url",
        "网址": "url",
        "工单号": "ticket",
        "相关工单": "ticket",
    }
)


def reason_text(rule: str, cause: str, *, road: str | None) -> str:
    """One line a contractor can read: where, which rule, why."""
    where = f"{road}：" if road else ""
    return f"{where}{RULES[rule]}（{CAUSES[cause]}）"
