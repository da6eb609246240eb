"""Deliveries counted when they are made, dead letters driven again, and the workers' heartbeat."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e4c7a9120b5d"
down_revision = "f4c20b9e7d31"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COUNT = """
CREATE FUNCTION minhu_count_produced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_productions AS p (bureau_id, subscriber, backend, produced)
    SELECT bureau_id, subscriber, pg_backend_pid(), count(*) FROM made
    GROUP BY bureau_id, subscriber
    ON CONFLICT (bureau_id, subscriber, backend)
    DO UPDATE SET produced = p.produced + EXCLUDED.produced;
    RETURN NULL;
END $$
"""
# From here to the commit nobody else writes deliveries, so the two counts begin in agreement.
TRIGGER = (
    "CREATE TRIGGER tr_deliveries_counted AFTER INSERT ON deliveries"
    " REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION minhu_count_produced()"
)
ALWAYS = "ALTER TABLE deliveries ENABLE ALWAYS TRIGGER tr_deliveries_counted"
BEGIN_COUNT = """
INSERT INTO delivery_productions (bureau_id, subscriber, backend, produced)
SELECT bureau_id, subscriber, 0, sum(n) FROM (
    SELECT bureau_id, subscriber, handled AS n FROM delivery_counts
    UNION ALL SELECT bureau_id, subscriber, 1 FROM deliveries
) AS known GROUP BY bureau_id, subscriber
"""


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _bureau() -> sa.Column[int]:
    return sa.Column(
        "bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"
    )


def upgrade() -> None:
    _create_productions()
    _create_redrives()
    _create_workers()
    op.add_column("deliveries", _moment("first_failed_at", "首次错误的时间"))
    op.add_column("deliveries", _moment("last_failed_at", "最近错误的时间"))
    op.add_column(
        "deliveries",
        sa.Column(
            "apart",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="曾出错或重投，不与别的一同处理",
        ),
    )
    op.create_index(
        "ix_deliveries_apart",
        "deliveries",
        ["bureau_id", "next_try_at"],
        postgresql_where=sa.text("parked_at IS NULL AND apart"),
    )
    for statement in (COUNT, TRIGGER, ALWAYS, BEGIN_COUNT):
        op.execute(statement)


def _create_productions() -> None:
    op.create_table(
        "delivery_productions",
        _bureau(),
        sa.Column("subscriber", sa.Text(), nullable=False, comment="接收者"),
        sa.Column(
            "backend",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="数据库进程号，各计各的；0为已并入的",
        ),
        sa.Column("produced", sa.BigInteger(), nullable=False, comment="已产生数"),
        sa.PrimaryKeyConstraint(
            "bureau_id", "subscriber", "backend", name=op.f("pk_delivery_productions")
        ),
        comment="产生计数",
    )


def _create_redrives() -> None:
    op.create_table(
        "redrives",
        _bureau(),
        sa.Column("redrive_id", sa.BigInteger(), sa.Identity(), nullable=False, comment="次序"),
        sa.Column("subscriber", sa.Text(), nullable=False, comment="接收者"),
        sa.Column("stream_id", sa.BigInteger(), nullable=False, comment="同应投递"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="同应投递"),
        sa.Column("attempts", sa.SmallInteger(), nullable=False, comment="此前已试次数"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="此前最近错误"),
        _moment("parked_at", "此前搁置时间", nullable=False),
        _moment("redriven_at", "重投时间", nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="重投人的角色"),
        sa.Column("actor_name", sa.Text(), nullable=True, comment="重投人"),
        sa.Column("actor_key", sa.Text(), nullable=True, comment="所用密钥编号"),
        sa.PrimaryKeyConstraint("bureau_id", "redrive_id", name=op.f("pk_redrives")),
        comment="搁置的投递由谁在何时重投（只增）",
    )
    op.create_index(
        "ix_redrives_delivery", "redrives", ["bureau_id", "stream_id", "seq", "subscriber"]
    )


def _create_workers() -> None:
    numbers = postgresql.ARRAY(sa.BigInteger())
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.Uuid(), nullable=False, comment="后台进程编号，每次启动一个"),
        sa.Column("machine", sa.Text(), nullable=False, comment="所在机器"),
        sa.Column("pid", sa.Integer(), nullable=False, comment="进程号"),
        _moment("started_at", "启动时间", nullable=False),
        _moment("beat_at", "最近心跳", nullable=False),
        _moment("drained_at", "最近一轮处理完成的时间"),
        _moment("horizon_moved_at", "最老的写事务自何时起未变"),
        sa.Column("skew_seconds", sa.Float(), nullable=True, comment="与数据库时钟之差（秒）"),
        sa.Column(
            "failing", postgresql.JSONB(), nullable=True, comment="正在出错的后台工作及错误类别"
        ),
        sa.Column("last_error", sa.Text(), nullable=True, comment="最近错误的类别"),
        _moment("last_error_at", "最近错误的时间"),
        sa.Column("hand_bureau", sa.Integer(), nullable=True, comment="手头投递的局"),
        sa.Column("hand_subscriber", sa.Text(), nullable=True, comment="手头投递的接收者"),
        sa.Column("hand_streams", numbers, nullable=True, comment="手头投递的流"),
        sa.Column("hand_seqs", numbers, nullable=True, comment="手头投递的序号"),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_workers")),
        comment="后台进程的心跳",
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER tr_deliveries_counted ON deliveries")
    op.execute("DROP FUNCTION minhu_count_produced()")
    op.drop_index("ix_deliveries_apart", "deliveries")
    for column in ("apart", "last_failed_at", "first_failed_at"):
        op.drop_column("deliveries", column)
    for table in ("workers", "redrives", "delivery_productions"):
        op.drop_table(table)
