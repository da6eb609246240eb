"""Frozen months, each with its own copy of what stood; nothing of it can be changed."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "a7d25e90c4f1"
down_revision = "d19b5e7c4f02"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("freezes", "freeze_manifests", "frozen_sums", "frozen_states")
# What may be filled in until the manifest tells that it is whole.
COPIES = ("frozen_sums", "frozen_states")
ROLES = ("unit", "desk", "leader", "bi", "admin", "source", "system")
MONTHS = {
    "opened": "开始",
    "dispatched": "派单",
    "contact": "先行联系时限",
    "due": "办结时限",
    "completed": "办结",
    "reply": "回复时限",
}
WAITS = {"contact": "先行联系", "accept": "接单", "due": "办结时限", "reply": "回复"}
REFUSE_AFTER = """
CREATE FUNCTION minhu_refuse_after_manifest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT bureau_id, period, revision FROM added) AS a
        JOIN freeze_manifests AS m USING (bureau_id, period, revision)
    ) THEN
        RAISE EXCEPTION '% of a frozen month is whole: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$
"""


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _moment(name: str, comment: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _number(name: str, comment: str, kind: type[sa.Integer] = sa.Integer) -> sa.Column[Any]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False, comment=comment)


def _json(name: str, comment: str) -> sa.Column[Any]:
    """As it was written: the order of a scheme's rules is that of its answers."""
    return sa.Column(name, sa.JSON(), nullable=False, comment=comment)


def _counts() -> sa.Column[Any]:
    kind = postgresql.ARRAY(sa.Integer())
    return sa.Column("counts", kind, nullable=False, comment="各指标各判定的轮次数")


def _create(table: str, columns: Sequence[Any], *, key: Sequence[str] = (), comment: str) -> None:
    op.create_table(
        table,
        _number("bureau_id", "局编号"),
        _text("period", "月份，如 2026-11"),
        _number("revision", "版次，从1起"),
        *columns,
        sa.PrimaryKeyConstraint("bureau_id", "period", "revision", *key, name=op.f(f"pk_{table}")),
        comment=comment,
    )


def upgrade() -> None:
    _create_freezes()
    _create(
        "freeze_manifests",
        [
            _json("scheme", "当时的考核方案全文"),
            _text("calendar_version", "当时的工作日历"),
            _json("units", "当时的单位名册"),
            _text("layout", "合计的排列"),
            _number("rows", "所含轮次数"),
            _text("sha256", "全部数字的摘要"),
            _moment("filled_at", "算完的时间"),
        ],
        comment="定版清单：副本已齐（只增不改）",
    )
    _create(
        "frozen_sums",
        [_text("by", "分组"), _text("key", "组；空为未知"), _counts()],
        key=("by", "key"),
        comment="定版的合计（只增不改）",
    )
    _create("frozen_states", _states(), key=("no", "round"), comment="定版的各轮状态（只增不改）")
    op.execute(REFUSE_AFTER)
    for statement in _guards():
        op.execute(statement)


def _create_freezes() -> None:
    listed = ", ".join(f"'{role}'" for role in ROLES)
    _create(
        "freezes",
        [
            _moment("known_at", "按该时刻（含）以前所记录的定版"),
            _moment("frozen_at", "定版时间"),
            _text("actor_role", "定版者角色"),
            _text("actor_name", "定版者"),
            _text("actor_key", "定版者密钥编号", nullable=True),
            _text("reason", "再次定版的理由", nullable=True),
            sa.Column(
                "xid",
                Xid8(),
                server_default=sa.text("pg_current_xact_id()"),
                nullable=False,
                comment="记下定版的事务号；同一时刻此后所记的不计",
            ),
            sa.CheckConstraint(f"actor_role IN ({listed})", name=op.f("ck_freezes_actor_role")),
            sa.CheckConstraint("revision > 0", name=op.f("ck_freezes_revision")),
            sa.CheckConstraint(
                "revision = 1 OR reason IS NOT NULL", name=op.f("ck_freezes_reason")
            ),
        ],
        comment="月度定版（只增不改）",
    )


def _states() -> list[sa.Column[Any]]:
    return [
        _number("round", "轮次", sa.SmallInteger),
        _text("no", "工单号"),
        _number("ticket_id", "工单内部编号", sa.BigInteger),
        _number("seq", "使之如此的事件序号"),
        _moment("known_from", "自何时已知如此（记录时间）"),
        _text("source", "首个来源平台"),
        _text("unit", "主办单位", nullable=True),
        _text("section", "科室", nullable=True),
        _text("executor", "承办人", nullable=True),
        _text("trade", "行业板块", nullable=True),
        _text("category", "内容分类", nullable=True),
        _text("street", "街镇", nullable=True),
        sa.Column("emergency", sa.Boolean(), nullable=False, comment="曾归入应急预案"),
        *(
            sa.Column(f"{name}_month", sa.Integer(), comment=f"{words}所在月份，如 202611")
            for name, words in MONTHS.items()
        ),
        *(
            _moment(f"{name}_from", f"{words}自何时计入；空为即计", nullable=True)
            for name, words in WAITS.items()
        ),
        _text("marks", "各指标的判定，每项一字符"),
        _text("plain_marks", "不计申诉与剔除的判定；空为相同", nullable=True),
    ]


def _guards() -> Iterator[str]:
    for table in TABLES:
        yield (
            f"CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()"
        )
        yield (
            f"CREATE TRIGGER tr_{table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()"
        )
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_append_only"
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_no_truncate"
    for table in COPIES:
        yield (
            f"CREATE TRIGGER tr_{table}_whole AFTER INSERT ON {table}"
            " REFERENCING NEW TABLE AS added"
            " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_after_manifest()"
        )
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_whole"


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION minhu_refuse_after_manifest()")
