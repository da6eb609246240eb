"""What scores are made of: one row per round of a ticket, folded from the log, and its states."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
)
from sqlalchemy import text as sql

from shared.domain.words import (
    AppealFinding,
    AppealType,
    CaseValuation,
    ClockOutcome,
    ExclusionReason,
    FactFinding,
    FollowUpLevel,
    Reached,
    Satisfaction,
    Trade,
    Urgency,
    YesNo,
)
from shared.models.base import bureau, metadata, moment, one_of, text
from shared.models.tickets import Xid8

REMOVALS = ("voided", "merged", "returned_upstream")
DATED = ("opened", "dispatched", "contact", "due", "completed", "reply")
MONTH_OF = ("开始", "派单", "先行联系时限", "办结时限", "办结", "回复时限")


def months() -> list[Column[Any]]:
    return [
        Column(f"{dated}_month", Integer, comment=f"{words}所在月份，如 202611")
        for dated, words in zip(DATED, MONTH_OF, strict=True)
    ]


def marks() -> list[Column[Any]]:
    return [
        text("marks", "各指标的判定，每项一字符"),
        text("plain_marks", "不计申诉与剔除的判定；空为相同", nullable=True),
    ]


facts = Table(
    "facts",
    metadata,
    bureau(),
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False, comment="工单内部编号"),
    Column("round", SmallInteger, primary_key=True, autoincrement=False, comment="轮次"),
    text("no", "工单号"),
    text("source", "首个来源平台"),
    text("unit", "本轮最后派给的主办单位；空为未派单", nullable=True),
    text("section", "科室（接单时所填）", nullable=True),
    text("executor", "承办人（接单时所填）", nullable=True),
    text("trade", "行业板块", nullable=True),
    text("category", "内容分类", nullable=True),
    text("street", "街镇", nullable=True),
    text("appeal_type", "诉求类型"),
    text("urgency", "紧急程度"),
    moment("received_at", "来件时间", nullable=False),
    moment("opened_at", "本轮开始时间；首轮即来件时间", nullable=False),
    moment("dispatched_at", "本轮最后派单时间"),
    Column("need_reply", Boolean, nullable=False, comment="是否须回复"),
    Column("has_caller", Boolean, nullable=False, comment="有人可联系（非匿名或留有电话）"),
    moment("contact_due", "先行联系时限"),
    text("contact_outcome", "先行联系结果；空为尚未联系", nullable=True),
    moment("contacted_at", "先行联系时间"),
    moment("accept_due", "接单时限"),
    moment("accepted_at", "接单时间"),
    moment("complete_start", "办结起算时间"),
    moment("complete_due", "现行办结时限"),
    moment("completed_at", "办结时间"),
    moment("reply_due", "回复时限"),
    moment("replied_at", "回复时间"),
    text("case_valuation", "结案评判", nullable=True),
    text("fact_finding", "事实认定", nullable=True),
    text("appeal_finding", "诉求认定", nullable=True),
    text("follow_up_level", "作准的回访层级", nullable=True),
    text("reached", "回访是否接通", nullable=True),
    text("rated_contact", "市民称是否先行联系", nullable=True),
    text("overall", "市民总体评价", nullable=True),
    text("solved", "市民称是否解决", nullable=True),
    text("repeat_of", "重复件的首件工单号", nullable=True),
    Column("returns", SmallInteger, nullable=False, comment="本轮单位退单次数"),
    Column("wrong_returns", SmallInteger, nullable=False, comment="其中未获准的次数"),
    Column("extended", Boolean, nullable=False, comment="本轮获准延期"),
    Column("reworked", Boolean, nullable=False, comment="其后又有一轮"),
    text("excluded_for", "获准剔除的理由", nullable=True),
    text("appeals", "本轮获准的申诉（以空格分隔）"),
    Column("pending_appeals", SmallInteger, nullable=False, comment="待决的申诉数"),
    Column("pending_exclusion", Boolean, nullable=False, comment="有待决的剔除"),
    text("removed", "退出一切指标的原因", nullable=True),
    text("emergency", "所涉应急预案（最后一个）", nullable=True),
    Column("seq", Integer, nullable=False, comment="最后改变本行的事件序号"),
    moment("known_from", "自何时已知如此（记录时间）", nullable=False),
    *months(),
    *marks(),
    Column(
        "xid",
        Xid8,
        nullable=False,
        server_default=sql("minhu_xid()"),
        comment="最后写入的事务号，续取的界线",
    ),
    one_of("appeal_type", AppealType),
    one_of("urgency", Urgency),
    one_of("trade", Trade),
    one_of("contact_outcome", ClockOutcome),
    one_of("case_valuation", CaseValuation),
    one_of("fact_finding", FactFinding),
    one_of("appeal_finding", AppealFinding),
    one_of("follow_up_level", FollowUpLevel),
    one_of("reached", Reached),
    one_of("rated_contact", YesNo),
    one_of("overall", Satisfaction),
    one_of("solved", YesNo),
    one_of("removed", REMOVALS),
    one_of("excluded_for", ExclusionReason),
    Index("ix_facts_changed", "bureau_id", "xid", "ticket_id", "round"),
    # Most events change no indexed column: room on the page keeps those updates within it.
    postgresql_with={"fillfactor": 70},
    comment="考核事实：工单每轮一行（事件日志的折叠）",
)

fact_versions = Table(
    "fact_versions",
    metadata,
    bureau(),
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False, comment="工单内部编号"),
    Column("round", SmallInteger, primary_key=True, autoincrement=False, comment="轮次"),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="使之如此的事件序号"),
    moment("known_from", "自何时已知如此（记录时间）", nullable=False),
    moment("known_to", "至何时为止；infinity 为现状", nullable=False),
    text("no", "工单号"),
    text("source", "首个来源平台"),
    text("unit", "主办单位", nullable=True),
    text("section", "科室", nullable=True),
    text("executor", "承办人", nullable=True),
    text("trade", "行业板块", nullable=True),
    text("category", "内容分类", nullable=True),
    text("street", "街镇", nullable=True),
    Column("emergency", Boolean, nullable=False, comment="曾归入应急预案"),
    *months(),
    Column("months", ARRAY(Integer), nullable=False, comment="所属的各月，用于查找"),
    moment("contact_from", "先行联系自何时计入；空为即计"),
    moment("accept_from", "接单自何时计入；空为即计"),
    moment("due_from", "办结时限自何时计入；空为即计"),
    moment("reply_from", "回复自何时计入；空为即计"),
    *marks(),
    text("moved_from", "此前的主办单位；空为首个状态或单位未变", nullable=True),
    Column(
        "xid",
        Xid8,
        nullable=False,
        server_default=sql("minhu_xid()"),
        comment="写入的事务号",
    ),
    *(
        Index(
            f"ix_fact_versions_{dated}",
            "bureau_id",
            f"{dated}_month",
            "no",
            "round",
            postgresql_where=sql("known_to = 'infinity'"),
        )
        for dated in DATED
    ),
    Index(
        "ix_fact_versions_open",
        "bureau_id",
        "ticket_id",
        postgresql_where=sql(
            "known_to = 'infinity' AND completed_month IS NULL AND opened_month IS NOT NULL"
        ),
    ),
    Index("ix_fact_versions_months", "months", postgresql_using="gin"),
    Index(
        "ix_fact_versions_ended",
        "bureau_id",
        "known_to",
        postgresql_where=sql("known_to < 'infinity'"),
    ),
    Index(
        "ix_fact_versions_moved",
        "bureau_id",
        "xid",
        "ticket_id",
        "round",
        postgresql_where=sql("moved_from IS NOT NULL"),
    ),
    comment="考核事实的历次状态：何时已知、如何计入",
)

sums = Table(
    "sums",
    metadata,
    bureau(),
    text("by", "分组", primary_key=True),
    text("key", "组；空为未知", primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False, comment="月份，如 202611"),
    Column("counts", ARRAY(Integer), nullable=False, comment="各指标各判定的轮次数"),
    postgresql_with={"fillfactor": 70},
    comment="考核合计：按组、按月",
)

fact_progress = Table(
    "fact_progress",
    metadata,
    bureau(),
    moment("known_at", "已计入的最后一条事件的记录时间"),
    text("layout", "合计的排列；不符者须重算"),
    Column("rebuilt_to", BigInteger, comment="重算已到的工单；空为已算完"),
    comment="考核事实折叠的进度",
)
