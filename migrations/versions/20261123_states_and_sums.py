"""Facts with all that counts, the states they have had, and the sums that scores are read from.

Facts are folds of the log: they are made anew, and the worker fills them before scores are told.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "c0f4d7a913b6"
down_revision = "e5b8417d2c93"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

EXCLUSIONS = (
    "emergency_line legal_procedure unlawful secret_or_privacy malicious duplicate"
    " false_contact outside_remit force_majeure untrue"
)
OLD_INDEXES = {
    "ix_facts_opened": "opened_at",
    "ix_facts_completed": "completed_at",
    "ix_facts_complete_due": "complete_due",
    "ix_facts_contact_due": "contact_due",
    "ix_facts_reply_due": "reply_due",
}
MONTHS = {
    "opened": "开始",
    "dispatched": "派单",
    "contact": "先行联系时限",
    "due": "办结时限",
    "completed": "办结",
    "reply": "回复时限",
}
STANDS = "known_to = 'infinity'"
SET_PROGRESS = sa.text(
    "INSERT INTO fact_progress (bureau_id, layout, rebuilt_to)"
    " SELECT bureau_id, '', 0 FROM bureaus AS b"
    " WHERE EXISTS (SELECT FROM ticket_events AS e WHERE e.bureau_id = b.bureau_id)"
)


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _number(name: str, comment: str, kind: type[sa.Integer] = sa.Integer) -> sa.Column[Any]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False, comment=comment)


def _months() -> list[sa.Column[Any]]:
    return [
        sa.Column(f"{name}_month", sa.Integer(), comment=f"{words}所在月份，如 202611")
        for name, words in MONTHS.items()
    ]


def _marks() -> list[sa.Column[Any]]:
    return [
        _text("marks", "各指标的判定，每项一字符"),
        _text("plain_marks", "不计申诉与剔除的判定；空为相同", nullable=True),
    ]


def _whose() -> list[sa.Column[Any]]:
    return [
        _text("no", "工单号"),
        _text("source", "首个来源平台"),
    ]


def upgrade() -> None:
    _change_facts()
    _create_versions()
    op.create_table(
        "sums",
        _number("bureau_id", "局编号"),
        _text("by", "分组"),
        _text("key", "组；空为未知"),
        _number("month", "月份，如 202611"),
        sa.Column(
            "counts",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="各指标各判定的轮次数",
        ),
        sa.PrimaryKeyConstraint("bureau_id", "by", "key", "month", name=op.f("pk_sums")),
        postgresql_with={"fillfactor": 70},
        comment="考核合计：按组、按月",
    )
    op.create_table(
        "fact_progress",
        _number("bureau_id", "局编号"),
        _moment("known_at", "已计入的最后一条事件的记录时间"),
        _text("layout", "合计的排列；不符者须重算"),
        sa.Column("rebuilt_to", sa.BigInteger(), comment="重算已到的工单；空为已算完"),
        sa.PrimaryKeyConstraint("bureau_id", name=op.f("pk_fact_progress")),
        comment="考核事实折叠的进度",
    )
    op.execute(SET_PROGRESS)


def _new_columns() -> list[sa.Column[Any]]:
    return [
        _moment("dispatched_at", "本轮最后派单时间"),
        _moment("accept_due", "接单时限"),
        _moment("accepted_at", "接单时间"),
        _number("returns", "本轮单位退单次数", sa.SmallInteger),
        _number("wrong_returns", "其中未获准的次数", sa.SmallInteger),
        sa.Column("extended", sa.Boolean(), nullable=False, comment="本轮获准延期"),
        sa.Column("reworked", sa.Boolean(), nullable=False, comment="其后又有一轮"),
        _text("excluded_for", "获准剔除的理由", nullable=True),
        _text("appeals", "本轮获准的申诉（以空格分隔）"),
        _number("pending_appeals", "待决的申诉数", sa.SmallInteger),
        sa.Column("pending_exclusion", sa.Boolean(), nullable=False, comment="有待决的剔除"),
        _moment("known_from", "自何时已知如此（记录时间）", nullable=False),
        *_months(),
        *_marks(),
        sa.Column(
            "xid",
            Xid8(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
            comment="最后写入的事务号，续取的界线",
        ),
    ]


def _change_facts() -> None:
    """Emptied first: they are folded again from the log, and hold what the log always told."""
    op.execute("DELETE FROM facts")
    for name in OLD_INDEXES:
        op.drop_index(name, table_name="facts")
    op.drop_column("facts", "recorded_at")
    for column in _new_columns():
        op.add_column("facts", column)
    listed = ", ".join(f"'{word}'" for word in EXCLUSIONS.split())
    op.create_check_constraint(
        op.f("ck_facts_excluded_for"), "facts", f"excluded_for IN ({listed})"
    )
    op.alter_column("facts", "seq", comment="最后改变本行的事件序号")
    op.create_index("ix_facts_changed", "facts", ["bureau_id", "xid", "ticket_id", "round"])


def _create_versions() -> None:
    op.create_table(
        "fact_versions",
        _number("bureau_id", "局编号"),
        _number("ticket_id", "工单内部编号", sa.BigInteger),
        _number("round", "轮次", sa.SmallInteger),
        _number("seq", "使之如此的事件序号"),
        _moment("known_from", "自何时已知如此（记录时间）", nullable=False),
        _moment("known_to", "至何时为止；infinity 为现状", nullable=False),
        *_whose(),
        _text("unit", "主办单位", nullable=True),
        _text("section", "科室", nullable=True),
        _text("executor", "承办人", nullable=True),
        _text("trade", "行业板块", nullable=True),
        _text("category", "内容分类", nullable=True),
        _text("street", "街镇", nullable=True),
        sa.Column("emergency", sa.Boolean(), nullable=False, comment="曾归入应急预案"),
        *_months(),
        sa.Column(
            "months",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="所属的各月，用于查找",
        ),
        _moment("contact_from", "先行联系自何时计入；空为即计"),
        _moment("accept_from", "接单自何时计入；空为即计"),
        _moment("due_from", "办结时限自何时计入；空为即计"),
        _moment("reply_from", "回复自何时计入；空为即计"),
        *_marks(),
        sa.PrimaryKeyConstraint(
            "bureau_id", "ticket_id", "round", "seq", name=op.f("pk_fact_versions")
        ),
        comment="考核事实的历次状态：何时已知、如何计入",
    )
    for name in MONTHS:
        op.create_index(
            f"ix_fact_versions_{name}",
            "fact_versions",
            ["bureau_id", f"{name}_month", "no", "round"],
            postgresql_where=sa.text(STANDS),
        )
    op.create_index(
        "ix_fact_versions_open",
        "fact_versions",
        ["bureau_id", "ticket_id"],
        postgresql_where=sa.text(
            f"{STANDS} AND completed_month IS NULL AND opened_month IS NOT NULL"
        ),
    )
    op.create_index("ix_fact_versions_months", "fact_versions", ["months"], postgresql_using="gin")
    op.create_index(
        "ix_fact_versions_ended",
        "fact_versions",
        ["bureau_id", "known_to"],
        postgresql_where=sa.text("known_to < 'infinity'"),
    )


def downgrade() -> None:
    for table in ("fact_progress", "sums", "fact_versions"):
        op.drop_table(table)
    op.execute("DELETE FROM facts")
    op.drop_index("ix_facts_changed", table_name="facts")
    for column in _new_columns():
        op.drop_column("facts", column.name)
    op.alter_column("facts", "seq", comment="已折叠到的事件序号")
    op.add_column("facts", _moment("recorded_at", "所折叠事件的最后记录时间", nullable=False))
    for name, indexed in OLD_INDEXES.items():
        op.create_index(name, "facts", ["bureau_id", indexed])
