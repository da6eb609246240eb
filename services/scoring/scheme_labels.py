"""What people read of schemes, tiers and ranks."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.domain.words import UnitKind

NO_SCHEME = "没有这个考核方案"
NOT_YET = "这个考核方案在该期间尚未启用"
NO_VERSION = "没有这个考核方案，或没有这个版本"
ALREADY_ACTIVE = "这个版本已经启用过，不能再次启用"
OWN_SCHEME = "起草人不能启用自己起草的方案，须由另一位局领导启用"

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "nothing_weighed": "至少须有一项指标",
        "unknown_metric": "没有这个指标，或它不是可以计权的比率",
        "weighed_twice": "已由 actual_resolution_rate 与 resolution_mode 计权，不能重复",
        "curve_without_weight": "没有权重的指标不能有计分曲线",
        "empty_curve": "计分曲线至少须写一项",
        "above_hundred": "不得超过 100",
        "below_above_full": "不得分线不能高于满分线",
        "slope_without_full": "按差扣分须同时写明满分线（full）",
        "above_weight": "不能超过该指标的权重",
        "floor_above_cap": "保底分不能高于封顶分",
        "unknown_rule": "没有这条加减分规则",
        "wrong_side": "加分规则只能写在 bonus，减分规则只能写在 penalty",
        "free_without_points": "此规则没有分值，不必写免扣件数",
        "above_ceiling": "总分不得超过 105",
        "floor_above_ceiling": "总分下限须低于上限",
        "not_ascending": "件数分档须为由小到大的正整数",
        "named_twice": "不能重复",
        "empty_condition": "适用条件至少须写一项",
        "min_above_max": "最低件数不能高于最高件数",
        "changes_nothing": "分支须至少改变权重、曲线、加分或减分中的一项",
    }
)
RULES: Mapping[str, str] = MappingProxyType(
    {
        "praise": "表扬",
        "overdue": "超期",
        "dissatisfied": "不满意",
        "repeat": "重复件",
        "rework": "重办",
        "wrong_return": "错误退单",
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        UnitKind.BUREAU: "局机关",
        UnitKind.DESK: "受理科室",
        UnitKind.SECTION: "业务科室",
        UnitKind.AFFILIATE: "事业单位",
        UnitKind.CONTRACTOR: "作业企业",
    }
)
EVERYONE = "不分档"
VOLUME = "受理 {} 件"
AND_MORE = "受理 {} 件及以上"
ONE_TICKET = "一件工单即可改变名次"
MODES: Mapping[str, str] = MappingProxyType(
    {
        "strict": "只计实际解决",
        "reasonable_only": "只看合理诉求",
        "explained_counts": "解释说明也计入",
    }
)
WORTHS: Mapping[str | None, str] = MappingProxyType(
    {None: "不在考核之内", "0": "计入分母、不计分子", "1": "计入分子"}
)
LEFT_OUT = "剔除（{}）"
WHY_MODE = "解决率口径由“{old}”改为“{new}”，本件由{before}改为{after}"
WHY_BEGINS = "新方案对{rule}计分，本件得 {points} 分；原方案不计"
WHY_CEASES = (
    "原方案对{rule}计分，本件得 {points} 分；新方案不计（无此规则、在免计件数之内或已封顶）"
)
