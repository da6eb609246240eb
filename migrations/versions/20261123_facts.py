"""What scores are made of: facts, one row per round of a ticket."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "a41d0c6b72ef"
down_revision = "5f3a1c7e9b20"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

INDEXES = {
    "ix_facts_opened": "opened_at",
    "ix_facts_completed": "completed_at",
    "ix_facts_complete_due": "complete_due",
    "ix_facts_contact_due": "contact_due",
    "ix_facts_reply_due": "reply_due",
}
WORDS = {
    "trade": "greening appearance sanitation landscape",
    "appeal_type": "consult help complaint report suggestion praise other",
    "urgency": "normal sub_urgent urgent",
    "contact_outcome": "met unreached late exempt cancelled",
    "case_valuation": "resolved explained other",
    "fact_finding": "true partly_true untrue adopted partly_adopted kept not_adopted"
    " policy_found no_policy policy_not_accepted",
    "appeal_finding": "reasonable no_policy_basis excessive other",
    "follow_up_level": "bureau district city",
    "reached": "yes unreachable refused",
    "rated_contact": "yes no unrated",
    "overall": "satisfied mostly_satisfied neutral dissatisfied unrated",
    "solved": "yes no unrated",
    "removed": "voided merged returned_upstream",
}


def _one_of(column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_facts_{column}"))


def upgrade() -> None:
    op.create_table(
        "facts",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("round", sa.SmallInteger(), autoincrement=False, nullable=False, comment="轮次"),
        sa.Column("no", sa.Text(), nullable=False, comment="工单号"),
        sa.Column("source", sa.Text(), nullable=False, comment="首个来源平台"),
        sa.Column("unit", sa.Text(), nullable=True, comment="本轮最后派给的主办单位；空为未派单"),
        sa.Column("section", sa.Text(), nullable=True, comment="科室（接单时所填）"),
        sa.Column("executor", sa.Text(), nullable=True, comment="承办人（接单时所填）"),
        sa.Column("trade", sa.Text(), nullable=True, comment="行业板块"),
        sa.Column("category", sa.Text(), nullable=True, comment="内容分类"),
        sa.Column("street", sa.Text(), nullable=True, comment="街镇"),
        sa.Column("appeal_type", sa.Text(), nullable=False, comment="诉求类型"),
        sa.Column("urgency", sa.Text(), nullable=False, comment="紧急程度"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="来件时间"),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="本轮开始时间；首轮即来件时间",
        ),
        sa.Column("need_reply", sa.Boolean(), nullable=False, comment="是否须回复"),
        sa.Column(
            "has_caller", sa.Boolean(), nullable=False, comment="有人可联系（非匿名或留有电话）"
        ),
        sa.Column("contact_due", sa.DateTime(timezone=True), nullable=True, comment="先行联系时限"),
        sa.Column(
            "contact_outcome", sa.Text(), nullable=True, comment="先行联系结果；空为尚未联系"
        ),
        sa.Column(
            "contacted_at", sa.DateTime(timezone=True), nullable=True, comment="先行联系时间"
        ),
        sa.Column(
            "complete_start", sa.DateTime(timezone=True), nullable=True, comment="办结起算时间"
        ),
        sa.Column(
            "complete_due", sa.DateTime(timezone=True), nullable=True, comment="现行办结时限"
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True, comment="办结时间"),
        sa.Column("reply_due", sa.DateTime(timezone=True), nullable=True, comment="回复时限"),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True, comment="回复时间"),
        sa.Column("case_valuation", sa.Text(), nullable=True, comment="结案评判"),
        sa.Column("fact_finding", sa.Text(), nullable=True, comment="事实认定"),
        sa.Column("appeal_finding", sa.Text(), nullable=True, comment="诉求认定"),
        sa.Column("follow_up_level", sa.Text(), nullable=True, comment="作准的回访层级"),
        sa.Column("reached", sa.Text(), nullable=True, comment="回访是否接通"),
        sa.Column("rated_contact", sa.Text(), nullable=True, comment="市民称是否先行联系"),
        sa.Column("overall", sa.Text(), nullable=True, comment="市民总体评价"),
        sa.Column("solved", sa.Text(), nullable=True, comment="市民称是否解决"),
        sa.Column("repeat_of", sa.Text(), nullable=True, comment="重复件的首件工单号"),
        sa.Column("removed", sa.Text(), nullable=True, comment="退出一切指标的原因"),
        sa.Column("seq", sa.Integer(), nullable=False, comment="已折叠到的事件序号"),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="所折叠事件的最后记录时间",
        ),
        *(_one_of(column, words) for column, words in WORDS.items()),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", "round", name=op.f("pk_facts")),
        postgresql_with={"fillfactor": 70},
        comment="考核事实：工单每轮一行（事件日志的折叠）",
    )
    for name, column in INDEXES.items():
        op.create_index(name, "facts", ["bureau_id", column])


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.drop_index(name, table_name="facts")
    op.drop_table("facts")
