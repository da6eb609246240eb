"""What tells how the work goes: deliveries counted and driven again, and the workers' heartbeat."""

from sqlalchemy import ARRAY, BigInteger, Column, Float, Index, Integer, SmallInteger, Table, Uuid
from sqlalchemy import Identity as Numbered
from sqlalchemy.dialects.postgresql import JSONB

from shared.models.base import bureau, metadata, moment, text

# Filled by a trigger on `deliveries`, so that no writer can forget it. A row of its own for every
# connection: nobody waits for another's, so counting adds no lock to any transaction.
delivery_productions = Table(
    "delivery_productions",
    metadata,
    bureau(),
    text("subscriber", "接收者", primary_key=True),
    Column(
        "backend",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="数据库进程号，各计各的；0为已并入的",
    ),
    Column("produced", BigInteger, nullable=False, comment="已产生数"),
    comment="产生计数",
)

redrives = Table(
    "redrives",
    metadata,
    bureau(),
    Column("redrive_id", BigInteger, Numbered(), primary_key=True, comment="次序"),
    text("subscriber", "接收者"),
    Column("stream_id", BigInteger, nullable=False, comment="同应投递"),
    Column("seq", BigInteger, nullable=False, comment="同应投递"),
    Column("attempts", SmallInteger, nullable=False, comment="此前已试次数"),
    text("last_error", "此前最近错误", nullable=True),
    moment("parked_at", "此前搁置时间", nullable=False),
    moment("redriven_at", "重投时间", nullable=False),
    text("actor_role", "重投人的角色"),
    text("actor_name", "重投人", nullable=True),
    text("actor_key", "所用密钥编号", nullable=True),
    Index("ix_redrives_delivery", "bureau_id", "stream_id", "seq", "subscriber"),
    comment="搁置的投递由谁在何时重投（只增）",
)

# Belongs to no bureau. Unlogged: after a crash of the server the next beat writes it anew.
workers = Table(
    "workers",
    metadata,
    Column("worker_id", Uuid, primary_key=True, comment="后台进程编号，每次启动一个"),
    text("machine", "所在机器"),
    Column("pid", Integer, nullable=False, comment="进程号"),
    moment("started_at", "启动时间", nullable=False),
    moment("beat_at", "最近心跳", nullable=False),
    moment("drained_at", "最近一轮处理完成的时间"),
    moment("horizon_moved_at", "最老的写事务自何时起未变"),
    Column("skew_seconds", Float, comment="与数据库时钟之差（秒）"),
    Column("failing", JSONB, comment="正在出错的后台工作及错误类别"),
    text("last_error", "最近错误的类别", nullable=True),
    moment("last_error_at", "最近错误的时间"),
    Column("hand_bureau", Integer, comment="手头投递的局"),
    text("hand_subscriber", "手头投递的接收者", nullable=True),
    Column("hand_streams", ARRAY(BigInteger), comment="手头投递的流"),
    Column("hand_seqs", ARRAY(BigInteger), comment="手头投递的序号"),
    comment="后台进程的心跳",
    prefixes=["UNLOGGED"],
)
