"""The words people read for the codes we store."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.domain.erasure import Obstacle
from shared.domain.notices import NoticeKind
from shared.domain.readings import ReadingKind, RevealField, RevealReason
from shared.domain.words import (
    AppealFinding,
    AppealType,
    AppealVerdict,
    CaseValuation,
    ErasureCause,
    ErasurePart,
    EscalationCause,
    ExclusionReason,
    FactFinding,
    FollowUpLevel,
    Satisfaction,
    TicketState,
    Trade,
    Urgency,
)

STATES: Mapping[TicketState, str] = MappingProxyType(
    {
        TicketState.RECEIVED: "已接收",
        TicketState.TRIAGED: "已收单",
        TicketState.DISPATCHED: "已派单",
        TicketState.ACCEPTED: "已接单",
        TicketState.IN_PROGRESS: "处置中",
        TicketState.FEEDBACK_SUBMITTED: "已反馈",
        TicketState.REPLIED: "已回复",
        TicketState.COMPLETED: "已办结",
        TicketState.FOLLOWED_UP: "已回访",
        TicketState.ARCHIVED: "已归档",
        TicketState.RETURN_PENDING: "申请退单中",
        TicketState.RETURNED_UPSTREAM: "已退回上级",
        TicketState.REWORK: "待重办",
        TicketState.MERGED: "已并单",
        TicketState.VOIDED: "已作废",
    }
)
TRADES: Mapping[Trade, str] = MappingProxyType(
    {
        Trade.GREENING: "绿化",
        Trade.APPEARANCE: "市容",
        Trade.SANITATION: "环卫",
        Trade.LANDSCAPE: "景观",
    }
)
URGENCIES: Mapping[Urgency, str] = MappingProxyType(
    {Urgency.NORMAL: "普通", Urgency.SUB_URGENT: "次紧急", Urgency.URGENT: "紧急"}
)
APPEAL_TYPES: Mapping[AppealType, str] = MappingProxyType(
    {
        AppealType.CONSULT: "咨询",
        AppealType.HELP: "求助",
        AppealType.COMPLAINT: "投诉",
        AppealType.REPORT: "举报",
        AppealType.SUGGESTION: "建议",
        AppealType.PRAISE: "表扬",
        AppealType.OTHER: "其他",
    }
)
FACT_FINDINGS: Mapping[FactFinding, str] = MappingProxyType(
    {
        FactFinding.TRUE: "属实",
        FactFinding.PARTLY_TRUE: "部分属实",
        FactFinding.UNTRUE: "不属实",
        FactFinding.ADOPTED: "采纳",
        FactFinding.PARTLY_ADOPTED: "部分采纳",
        FactFinding.KEPT: "留作参考",
        FactFinding.NOT_ADOPTED: "不予采纳",
        FactFinding.POLICY_FOUND: "有政策信息",
        FactFinding.NO_POLICY: "无政策信息",
        FactFinding.POLICY_NOT_ACCEPTED: "对政策解释不接受",
    }
)
APPEAL_FINDINGS: Mapping[AppealFinding, str] = MappingProxyType(
    {
        AppealFinding.REASONABLE: "诉求合理合法",
        AppealFinding.NO_POLICY_BASIS: "无政策依据",
        AppealFinding.EXCESSIVE: "诉求过高",
        AppealFinding.OTHER: "其他",
    }
)
VALUATIONS: Mapping[CaseValuation, str] = MappingProxyType(
    {
        CaseValuation.RESOLVED: "实际解决",
        CaseValuation.EXPLAINED: "解释说明",
        CaseValuation.OTHER: "其他",
    }
)
APPEAL_VERDICTS: Mapping[AppealVerdict, str] = MappingProxyType(
    {
        AppealVerdict.FIRST_CONTACT: "先行联系超期",
        AppealVerdict.COMPLETE: "办结超期",
        AppealVerdict.REPLY: "回复超期",
        AppealVerdict.FOLLOW_UP: "回访结果",
        AppealVerdict.REPEAT: "重复件认定",
    }
)
EXCLUSION_REASONS: Mapping[ExclusionReason, str] = MappingProxyType(
    {
        ExclusionReason.EMERGENCY_LINE: "属110、119、120、122受理",
        ExclusionReason.LEGAL_PROCEDURE: "须经诉讼、仲裁、复议、信访等程序",
        ExclusionReason.UNLAWFUL: "诉求违法或有违公序良俗",
        ExclusionReason.SECRET_OR_PRIVACY: "涉及秘密或个人隐私",
        ExclusionReason.MALICIOUS: "恶意骚扰",
        ExclusionReason.DUPLICATE: "与主件重复",
        ExclusionReason.FALSE_CONTACT: "联系方式虚假",
        ExclusionReason.OUTSIDE_REMIT: "不属本局职责",
        ExclusionReason.FORCE_MAJEURE: "不可抗力",
        ExclusionReason.UNTRUE: "查证不属实",
    }
)
NOTICES: Mapping[NoticeKind, str] = MappingProxyType(
    {
        NoticeKind.URGENT_RECEIVED: "紧急工单",
        NoticeKind.DISPATCHED: "新派单",
        NoticeKind.URGED: "催办",
        NoticeKind.SUPERVISED: "督办",
        NoticeKind.ESCALATED: "督办升级",
        NoticeKind.WARNED: "即将到期",
        NoticeKind.MISSED: "已超期",
        NoticeKind.FEEDBACK_REJECTED: "反馈被退回",
        NoticeKind.REWORK: "重办",
        NoticeKind.REQUESTED: "申请待决定",
        NoticeKind.DECIDED: "申请已决定",
        NoticeKind.MERGED: "已并单",
        NoticeKind.RETURNED_UPSTREAM: "上级已收回",
        NoticeKind.VOIDED: "工单已作废",
        NoticeKind.EMERGENCY_PUSHED: "应急工单",
        NoticeKind.EMERGENCY_DECLARED: "启动应急预案",
        NoticeKind.EMERGENCY_ENDED: "应急预案结束",
        NoticeKind.RECEIVER_DISABLED: "接收端已停用",
    }
)
ESCALATIONS: Mapping[EscalationCause, str] = MappingProxyType(
    {
        EscalationCause.YELLOW: "办结时限已亮黄灯",
        EscalationCause.OVERDUE: "已超期",
        EscalationCause.REWORK: "第二次重办",
        EscalationCause.REPEATS: "三十日内多次重复",
        EscalationCause.CLUSTER: "多人同诉",
    }
)
FOLLOW_UP_LEVELS: Mapping[FollowUpLevel, str] = MappingProxyType(
    {
        FollowUpLevel.BUREAU: "本局",
        FollowUpLevel.DISTRICT: "区级",
        FollowUpLevel.CITY: "市级",
    }
)
SATISFACTIONS: Mapping[Satisfaction, str] = MappingProxyType(
    {
        Satisfaction.SATISFIED: "满意",
        Satisfaction.MOSTLY_SATISFIED: "基本满意",
        Satisfaction.NEUTRAL: "一般",
        Satisfaction.DISSATISFIED: "不满意",
        Satisfaction.UNRATED: "未评价",
    }
)
# Why a matter cannot be dealt with so just now.
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "MATTER_CLOSED": "事项已结案",
        "SAME_MATTER": "该工单已在本事项中",
        "OTHER_MATTER": "该工单已在其他事项中，请先移出",
        "NOT_IN_MATTER": "该工单不在本事项中",
        "ROOT_OF_REPEATS": "该工单是首件，仍有重复件以其为首件，不能移出",
        "COMMITMENT_ENDED": "该承诺已记录落实或已撤销",
    }
)
# What rules call a fault, as the person who made it reads it.
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "DUPLICATE": "主办与协办、协办之间不得重复",
        "UNKNOWN_UNIT": "没有这个承办单位",
        "NOT_A_HANDLING_UNIT": "该单位不承办工单",
        "OBJECT_OF_COMPLAINT": "被反映单位不得承办涉及自身的工单",
        "OTHER_TRADE": "该单位不承办此行业",
        "OTHER_CATEGORY": "内容分类不属于该行业",
        "UNKNOWN_CATEGORY": "没有这个内容分类",
        "CONTACT_NEEDED": "须指明一条先行联系记录",
        "UNKNOWN_CONTACT": "没有这条先行联系记录",
        "ATTACHMENT_RECORDING": "复核单须附通话录音",
        "ATTACHMENT_SEALED_DOC": "国办单须附签章文件",
        "FINDING_NOT_ASKED": "此类诉求不作事实认定",
        "FINDING_NEEDED": "此项必填",
        "FINDING_OF_OTHER_TYPE": "与诉求类型不符的认定",
        "NOTE_NEEDED": "须说明理由",
        "NOTE_IS_LABEL": "说明不得与认定选项相同",
        "DUE_PASSED": "时限须晚于督办时间",
        "REASON_NEEDED": "补录须写明原因",
        "DAYS_OUT_OF_RANGE": "天数须在 1 至 10 个工作日之间",
        "UNKNOWN_TICKET": "没有这个工单",
        "NOT_TRIAGED": "请先收单分类，再派单",
        "NEEDED": "此项必填",
        "UNTIL_PASSED": "到期时间须晚于现在",
        "UNTIL_TOO_FAR": "到期时间不得超过一年",
        "BAD_WINDOW": "值班时段应如 06:00-24:00",
        "UNKNOWN_LIMIT": "没有这一项时限，或不能由应急预案调整",
        "BAD_LIMIT": "时限应如 30min、2h、2wh、1wd",
        "WALL_LIMIT_NEEDED": "初次报告时限应为自然时间，如 1h、30min",
        "TELLS_OF_CALLER": "附件地址含诉求人的姓名、号码或证件，请换一个文件名",
        "UNKNOWN_COMMITMENT": "没有这项承诺",
        "PROMISE_PAST": "承诺的日期不得早于现场查看之日",
        "LEVEL_LOWER": "督办级别不得低于现有级别",
    }
)
# Why it is for another to do.
BARS: Mapping[str, str] = MappingProxyType(
    {
        "OWN_REQUEST": "申请人不能决定自己的申请，须由另一人决定",
        "ROUND_OF_OTHERS": "该轮次最后由其他单位主办，须由其申诉",
    }
)
# What the present state of things speaks against; `latest` is a time of the city.
CONFLICTS: Mapping[str, str] = MappingProxyType(
    {
        "RETURN_TOO_LATE": "退单须在 {latest} 前提出，现已超过",
        "EXTENSION_USED": "本轮已申请过延期",
        "EXTENSION_TOO_LATE": "延期须在 {latest} 前申请，现已超过",
        "APPEAL_TOO_LATE": "申诉须在 {latest} 前提出，现已超过",
        "NOTHING_TO_APPEAL": "没有可以申诉的“{what}”",
        "APPEALED_BEFORE": "该轮次此项已申诉过",
        "NO_SUCH_APPEAL": "没有这样一项待决定的申诉",
        "MERGE_INTO_ITSELF": "不能并入自身",
        "MASTER_NOT_OPEN": "并入的工单已办结、已并入他件或已作废",
        "MASTER_OF_OTHER_TRADE": "两件工单的行业不同，不能并单",
    }
)
# Why a delivery was given up, by whose it is.
PARKED: Mapping[str, str] = MappingProxyType(
    {
        "callback": "平台多次未接受回送",
        "subscription": "单位系统多次未接受推送",
        "lost": "处理时后台进程多次中断",
        "own": "处理时多次出错",
    }
)
READINGS: Mapping[ReadingKind, str] = MappingProxyType(
    {
        ReadingKind.TICKET: "查看工单",
        ReadingKind.EVENTS: "查看事件",
        ReadingKind.CLOCKS: "查看时限说明",
        ReadingKind.VIEWERS: "查看查阅记录",
        ReadingKind.LIST: "列表中显示",
        ReadingKind.ACTION: "办理后显示",
        ReadingKind.REVEAL: "查看来电人信息",
        ReadingKind.MATTER: "事项档案中显示",
        ReadingKind.PLATFORM: "上级平台查询",
        ReadingKind.QUARANTINE: "查看隔离的消息",
        ReadingKind.DEAD_LETTERS: "搁置的投递中列出",
        ReadingKind.FIGURES: "考核明细中列出",
        ReadingKind.EXPORT: "导出考核事实",
        ReadingKind.ERASURE_ASKED: "申请清除个人信息",
        ReadingKind.ERASED: "清除个人信息",
        ReadingKind.MESSAGES_ERASED: "清除未入工单的消息原文",
        ReadingKind.HELD: "设立证据保全",
        ReadingKind.RELEASED: "解除证据保全",
        ReadingKind.LOG_CUT: "截去到期的查阅记录",
    }
)
REVEALS: Mapping[RevealField, str] = MappingProxyType(
    {
        RevealField.PHONE: "来电人电话",
        RevealField.NAME: "来电人姓名",
        RevealField.ADDRESS: "所反映的地址",
    }
)
REVEAL_REASONS: Mapping[RevealReason, str] = MappingProxyType(
    {
        RevealReason.CONTACT_CALLER: "联系来电人",
        RevealReason.SITE_VISIT: "现场查看",
        RevealReason.SEND_REPLY: "送达回复",
        RevealReason.OTHER: "其他",
    }
)
ERASURE_PARTS: Mapping[ErasurePart, str] = MappingProxyType(
    {
        ErasurePart.RECORDING: "录音引用",
        ErasurePart.CALLER: "来电人资料与平台原文",
        ErasurePart.TICKET: "工单文字、地点与附件引用",
    }
)
ERASURE_CAUSES: Mapping[ErasureCause, str] = MappingProxyType(
    {
        ErasureCause.REQUEST: "申请",
        ErasureCause.RETENTION: "到期",
        ErasureCause.RESTORED: "恢复备份后重做",
    }
)
ERASED_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "callers": "来电人资料",
        "messages": "平台原文",
        "texts": "文字",
        "places": "地点摘要",
        "matter_texts": "事项文字",
        "log": "日志中的引用与坐标",
    }
)
OBSTACLES: Mapping[Obstacle, str] = MappingProxyType(
    {
        Obstacle.OPEN: "尚未终结",
        Obstacle.UNDECIDED: "有待决定的申诉、剔除或作废",
        Obstacle.MASTER_OPEN: "并入的工单尚未终结",
        Obstacle.HELD: "证据保全中",
    }
)
