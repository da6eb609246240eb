"""Emergency plans, notices, the supervision ladder's alarm, the first report's clock."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.models.tickets import Xid8

revision = "e8b15c3f9a64"
down_revision = "c7d2e90f4b18"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CLOCKS = [
    "desk_accept",
    "first_contact",
    "unit_accept",
    "unit_complete",
    "complete",
    "reply",
    "follow_up",
]
MORE_CLOCKS = ("interim_report", "commitment")
ROLES = ["unit", "desk", "leader", "bi", "admin", "source", "system"]
KINDS = [
    "urgent_received",
    "dispatched",
    "urged",
    "supervised",
    "escalated",
    "warned",
    "missed",
    "feedback_rejected",
    "rework",
    "requested",
    "decided",
    "merged",
    "returned_upstream",
    "voided",
    "emergency_pushed",
    "emergency_declared",
    "emergency_ended",
]
APPEND_ONLY = (
    "CREATE TRIGGER tr_emergencies_append_only BEFORE UPDATE OR DELETE ON emergencies"
    " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_emergencies_no_truncate BEFORE TRUNCATE ON emergencies"
    " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
    "ALTER TABLE emergencies ENABLE ALWAYS TRIGGER tr_emergencies_append_only",
    "ALTER TABLE emergencies ENABLE ALWAYS TRIGGER tr_emergencies_no_truncate",
)
# Open tickets of before get their step at yellow; what has been passed already is found at once.
OPEN_STATES = [
    "received",
    "triaged",
    "dispatched",
    "accepted",
    "in_progress",
    "feedback_submitted",
    "replied",
    "rework",
    "return_pending",
]


def _one_of(column: str, words: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _bureau() -> sa.Column[int]:
    return sa.Column(
        "bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"
    )


def upgrade() -> None:
    _create_emergencies()
    _create_notices()
    op.add_column("facts", sa.Column("emergency", sa.Text(), comment="所涉应急预案（最后一个）"))
    _name_clocks([*CLOCKS, *MORE_CLOCKS])
    op.add_column("tickets", _moment("escalate_at", "督办自动升级时间"))
    op.create_index(
        "ix_tickets_escalate",
        "tickets",
        ["bureau_id", "escalate_at"],
        postgresql_where=sa.text("escalate_at IS NOT NULL"),
    )
    op.execute(
        "UPDATE tickets SET escalate_at = warn_at"
        f" WHERE stopped_at IS NULL AND {_one_of('state', OPEN_STATES)}"
    )


def _create_emergencies() -> None:
    op.create_table(
        "emergencies",
        _bureau(),
        sa.Column(
            "number", sa.Integer(), autoincrement=False, nullable=False, comment="预案序号，从1起"
        ),
        sa.Column(
            "seq", sa.SmallInteger(), autoincrement=False, nullable=False, comment="1 启动，2 结束"
        ),
        sa.Column("type", sa.Text(), nullable=False, comment="启动、被取代、提前结束、到期"),
        _moment("occurred_at", "发生时间", nullable=False),
        _moment("recorded_at", "记录时间", nullable=False),
        _moment("until_at", "启动时写明的到期时间"),
        sa.Column("scope", postgresql.JSONB(), comment="适用范围：行业、街镇、关键词"),
        sa.Column("overrides", postgresql.JSONB(), comment="值班时段、时限、是否即时通知"),
        sa.Column("members", sa.ARRAY(sa.BigInteger()), comment="启动时已有且含关键词的未办结工单"),
        sa.Column("reason", sa.Text(), comment="缘由"),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="操作者角色"),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="操作者"),
        sa.Column("actor_key", sa.Text(), comment="操作者密钥编号"),
        sa.CheckConstraint(
            _one_of("type", ("declared", "replaced", "ended", "expired")),
            name=op.f("ck_emergencies_type"),
        ),
        sa.CheckConstraint(_one_of("actor_role", ROLES), name=op.f("ck_emergencies_actor_role")),
        sa.CheckConstraint("seq IN (1, 2)", name=op.f("ck_emergencies_seq")),
        sa.CheckConstraint(
            "seq <> 1 OR (until_at IS NOT NULL AND scope IS NOT NULL AND overrides IS NOT NULL"
            " AND reason IS NOT NULL)",
            name=op.f("ck_emergencies_declared_whole"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "number", "seq", name=op.f("pk_emergencies")),
        comment="应急预案的启动与结束（只增不改）",
    )
    for statement in APPEND_ONLY:
        op.execute(statement)


def _create_notices() -> None:
    op.execute("CREATE SEQUENCE notices_position")
    op.create_table(
        "notices",
        _bureau(),
        sa.Column("subject", sa.Text(), nullable=False, comment="工单号，或应急预案编号"),
        sa.Column(
            "seq", sa.Integer(), autoincrement=False, nullable=False, comment="所由来的事件序号"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="告知事由"),
        sa.Column(
            "addressee_kind", sa.Text(), nullable=False, comment="告知对象类别：单位、角色、个人"
        ),
        sa.Column("addressee", sa.Text(), nullable=False, comment="告知对象"),
        sa.Column("ticket_id", sa.BigInteger(), comment="工单内部编号；不属于工单的为空"),
        sa.Column(
            "position",
            sa.BigInteger(),
            server_default=sa.text("nextval('notices_position')"),
            nullable=False,
            comment="全局位置",
        ),
        sa.Column(
            "xid",
            Xid8(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
            comment="写入事务号，读者据此不漏读",
        ),
        sa.Column("urgency", sa.Text(), nullable=False, comment="缓急"),
        _moment("at", "事由记录的时间", nullable=False),
        _moment("tell_by", "最迟告知时间", nullable=False),
        sa.Column(
            "data", postgresql.JSONB(), nullable=False, comment="代码、编号与时间，无自由文本"
        ),
        sa.CheckConstraint(_one_of("kind", KINDS), name=op.f("ck_notices_kind")),
        sa.CheckConstraint(
            _one_of("addressee_kind", ("unit", "role", "person")),
            name=op.f("ck_notices_addressee_kind"),
        ),
        sa.CheckConstraint(
            _one_of("urgency", ("immediate", "normal")), name=op.f("ck_notices_urgency")
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id",
            "subject",
            "seq",
            "kind",
            "addressee_kind",
            "addressee",
            name=op.f("pk_notices"),
        ),
        comment="须告知承办人员的事项",
    )
    op.create_index("ix_notices_feed", "notices", ["bureau_id", "xid", "position"])
    op.create_index(
        "ix_notices_addressee",
        "notices",
        ["bureau_id", "addressee_kind", "addressee", "xid", "position"],
    )


def _name_clocks(names: Sequence[str]) -> None:
    """Without a scan under the lock: the rows of before keep to fewer names."""
    op.execute("ALTER TABLE clocks DROP CONSTRAINT ck_clocks_name")
    op.execute(
        "ALTER TABLE clocks ADD CONSTRAINT ck_clocks_name"
        f" CHECK ({_one_of('name', names)}) NOT VALID"
    )
    op.execute("ALTER TABLE clocks VALIDATE CONSTRAINT ck_clocks_name")


def downgrade() -> None:
    op.drop_index("ix_tickets_escalate", table_name="tickets")
    op.drop_column("tickets", "escalate_at")
    op.execute(f"DELETE FROM clocks WHERE {_one_of('name', MORE_CLOCKS)}")  # the log keeps them
    _name_clocks(CLOCKS)
    op.drop_column("facts", "emergency")
    op.drop_table("notices")
    op.execute("DROP SEQUENCE notices_position")
    op.drop_table("emergencies")
