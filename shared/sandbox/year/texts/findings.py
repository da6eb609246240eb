"""Demands that cannot be met, and why: the unreasonable side of otherwise true tickets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excess:
    """A demand beyond what rules or means allow (诉求过高、无政策依据) and the explanation."""

    demand: str
    why: str
    finding: str = "excessive"


EXCESSES = {
    "greening": (
        Excess("把这几棵树全部移走", "树木生长健康，不符合迁移、砍伐的许可条件"),
        Excess("将行道树全部换成不掉叶的树种", "行道树树种按道路绿化规划确定，不宜成片更换"),
        Excess("每周修剪一次", "修剪须遵循树木生长规律，频次按养护技术规范执行"),
        Excess(
            "由绿化部门出资修剪小区树木并赔偿损失",
            "居住区绿化养护费用由业主共同承担，绿化部门提供技术指导",
            "no_policy_basis",
        ),
    ),
    "sanitation": (
        Excess("拆除该垃圾箱房、不要再建", "该箱房为小区规划配套设施，周边没有其他可设置的点位"),
        Excess("安排保洁员全天定点守候", "保洁作业按道路等级配置人员，以巡回保洁为主"),
        Excess("全部改到白天上班后再清运", "白天清运影响交通和早间投放，收运时段需兼顾全路段"),
        Excess(
            "赔偿因异味造成的精神损失",
            "该项要求没有政策依据，建议通过法律途径主张",
            "no_policy_basis",
        ),
    ),
    "appearance": (
        Excess("拆除整条街所有店招", "符合设置规范的店招受保护，只能对违规部分予以整改"),
        Excess("当天完成整幢楼外墙翻新", "外立面修缮需经产权人同意并列入年度计划"),
        Excess(
            "由政府承担店招更换费用",
            "店招由设置人负责维护，现行规定没有补贴依据",
            "no_policy_basis",
        ),
    ),
    "landscape": (
        Excess("永久关闭该处全部景观灯", "该处属全市统一控制的景观照明，已在规范内调整时间和角度"),
        Excess("在每户窗前加装遮光设施", "楼宇照明已达到光污染控制要求，无加装依据"),
        Excess(
            "减免受影响住户的物业费",
            "物业费减免不属职责范围，没有政策依据",
            "no_policy_basis",
        ),
    ),
}
PARTLY_TRUE_NOTES = (
    "反映的主要问题存在，发生频次与描述有出入。",
    "现场确有此情况，但范围小于所述。",
    "反映时间段内偶有发生，平时作业基本正常。",
)
UNTRUE_NOTES = (
    "两次现场核查均未见所述情形，作业记录可查。",
    "经与居委会和周边商户核实，未发生该情况。",
)
PARTLY_ADOPTED_NOTES = ("部分内容已纳入计划，其余受场地条件限制。",)
KEPT_NOTES = ("建议有参考价值，待条件成熟时研究。",)
