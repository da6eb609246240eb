"""Matters with a log of their own, and places to find them by."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e5b8417d2c93"
down_revision = "e8b15c3f9a64"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ROLES = ["unit", "desk", "leader", "bi", "admin", "source", "system"]
APPEND_ONLY = (
    "CREATE TRIGGER tr_matter_events_append_only BEFORE UPDATE OR DELETE ON matter_events"
    " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_matter_events_no_truncate BEFORE TRUNCATE ON matter_events"
    " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
    "ALTER TABLE matter_events ENABLE ALWAYS TRIGGER tr_matter_events_append_only",
    "ALTER TABLE matter_events ENABLE ALWAYS TRIGGER tr_matter_events_no_truncate",
)
# Matters that are there already get the log they would have had.
TELL_OPENED = """
INSERT INTO matter_events (bureau_id, matter, seq, type, occurred_at, recorded_at, actor_role,
    actor_name, data)
SELECT m.bureau_id, m.matter, 1, 'matter.opened', m.opened_at, m.opened_at, 'system', 'minhu',
    jsonb_build_object('root', t.no, 'layer', 1, 'reason', 'upstream_word')
FROM matters AS m JOIN tickets AS t ON t.bureau_id = m.bureau_id AND t.ticket_id = m.root_ticket_id
"""
TELL_ATTACHED = """
INSERT INTO matter_events (bureau_id, matter, seq, type, occurred_at, recorded_at, actor_role,
    actor_name, data)
SELECT t.bureau_id, t.matter,
    1 + row_number() OVER (PARTITION BY t.bureau_id, t.matter ORDER BY t.ticket_id),
    'matter.ticket_attached', m.opened_at, m.opened_at, 'system', 'minhu',
    jsonb_build_object('ticket', t.no, 'layer', 1, 'reason', 'upstream_word')
FROM tickets AS t JOIN matters AS m USING (bureau_id, matter)
"""
COUNT = """
UPDATE matters AS m SET root = t.no,
    tickets = (SELECT count(*) FROM tickets AS k
        WHERE k.bureau_id = m.bureau_id AND k.matter = m.matter),
    version = 1 + (SELECT count(*) FROM tickets AS k
        WHERE k.bureau_id = m.bureau_id AND k.matter = m.matter)
FROM tickets AS t WHERE t.bureau_id = m.bureau_id AND t.ticket_id = m.root_ticket_id
"""
# Registers that were loaded before these had a name.
NEW_LIMITS = {
    "repeat.after_completion": "15d",
    "ladder.section.overdue": "1wd",
    "ladder.section.reworks": "2",
    "ladder.bureau.overdue": "3wd",
    "ladder.bureau.repeats": "3",
    "ladder.bureau.repeats_within": "30d",
    "pause.reasons": "none",
}
NAMES = ", ".join(f"'{name}'" for name in NEW_LIMITS)
COMPLETE_REGISTERS = f"""
INSERT INTO limits (bureau_id, version, name, value, valid_from, valid_to)
SELECT l.bureau_id, l.version, n.name, n.value, l.valid_from, l.valid_to FROM limits AS l,
(VALUES {", ".join(f"('{name}', '{value}')" for name, value in NEW_LIMITS.items())})
AS n (name, value) WHERE l.name = 'repeat.window' ON CONFLICT DO NOTHING
"""
NEW_CONFIG = "UPDATE bureaus SET config_version = config_version + 1"


def upgrade() -> None:
    _create_log()
    _create_places()
    _extend_matters()
    for statement in (*APPEND_ONLY, TELL_OPENED, TELL_ATTACHED, COUNT):
        op.execute(statement)
    op.execute(COMPLETE_REGISTERS)
    op.execute(NEW_CONFIG)


def downgrade() -> None:
    op.execute(f"DELETE FROM limits WHERE name IN ({NAMES})")
    op.create_unique_constraint(
        op.f("uq_matters_bureau_id_root_ticket_id"), "matters", ["bureau_id", "root_ticket_id"]
    )
    op.drop_constraint(op.f("ck_matters_state"), "matters", type_="check")
    for name in ("closed_by", "closed_at", "tickets", "root", "state", "version"):
        op.drop_column("matters", name)
    for table in ("ticket_places", "matter_texts", "matter_events"):
        op.drop_table(table)


def _words(column: str, words: Sequence[str], name: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(name))


def _bureau() -> sa.Column[int]:
    return sa.Column(
        "bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"
    )


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _create_log() -> None:
    op.create_table(
        "matter_events",
        _bureau(),
        sa.Column("matter", sa.Text(), nullable=False, comment="事项编号"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="事项内序号"),
        sa.Column("type", sa.Text(), nullable=False, comment="事件类型"),
        _moment("occurred_at", "发生时间", nullable=False),
        _moment("recorded_at", "记录时间", nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="角色"),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="操作人"),
        sa.Column("actor_key", sa.Text(), nullable=True, comment="密钥编号"),
        sa.Column("actor_unit", sa.Text(), nullable=True, comment="所属单位"),
        sa.Column(
            "data",
            postgresql.JSONB(),
            nullable=False,
            comment="事件内容（代码、编号，无自由文本）",
        ),
        sa.Column("texts", postgresql.JSONB(), nullable=True, comment="本事件文本字段的加盐摘要"),
        _words("actor_role", ROLES, "ck_matter_events_actor_role"),
        sa.CheckConstraint("seq > 0", name=op.f("ck_matter_events_seq")),
        sa.PrimaryKeyConstraint("bureau_id", "matter", "seq", name=op.f("pk_matter_events")),
        comment="事项日志（只增不改）",
    )
    op.create_table(
        "matter_texts",
        _bureau(),
        sa.Column("matter", sa.Text(), nullable=False, comment="事项编号"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="所属事件序号"),
        sa.Column("field", sa.Text(), nullable=False, comment="字段"),
        sa.Column(
            "version",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="文本版本，从1起",
        ),
        sa.Column("salt", sa.LargeBinary(), nullable=True, comment="摘要的盐，随文本一并清除"),
        sa.Column("body", sa.Text(), nullable=True, comment="文本"),
        _moment("recorded_at", "写入时间", nullable=False),
        _moment("erased_at", "清除时间"),
        sa.PrimaryKeyConstraint(
            "bureau_id", "matter", "seq", "field", "version", name=op.f("pk_matter_texts")
        ),
        comment="事项的自由文本（按版本）",
    )


def _create_places() -> None:
    op.create_table(
        "ticket_places",
        _bureau(),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("address", sa.LargeBinary(), nullable=True, comment="规范化地址的摘要"),
        sa.Column("cell", sa.BigInteger(), nullable=True, comment="所在小方格"),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", name=op.f("pk_ticket_places")),
        comment="工单所涉地点（查找重复件与热点）",
    )
    for name in ("address", "cell"):
        op.create_index(
            f"ix_ticket_places_{name}",
            "ticket_places",
            ["bureau_id", name, "ticket_id"],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def _extend_matters() -> None:
    """Constant defaults: no rewrite, and the running release may go on inserting."""
    op.drop_constraint(op.f("uq_matters_bureau_id_root_ticket_id"), "matters", type_="unique")
    for column in (
        sa.Column(
            "version",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="版本（ETag）",
        ),
        sa.Column(
            "state", sa.Text(), server_default=sa.text("'open'"), nullable=False, comment="状态"
        ),
        sa.Column("root", sa.Text(), nullable=True, comment="首件工单号"),
        sa.Column(
            "tickets",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="工单件数",
        ),
        _moment("closed_at", "结案时间"),
        sa.Column("closed_by", sa.Text(), nullable=True, comment="结案人"),
    ):
        op.add_column("matters", column)
    op.create_check_constraint(op.f("ck_matters_state"), "matters", "state IN ('open', 'closed')")
