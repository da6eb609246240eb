"""Who was shown what: entries, the chain that links them, and its head."""

from sqlalchemy import ARRAY, BigInteger, Column, Index, LargeBinary, Table, UniqueConstraint
from sqlalchemy import Identity as Numbered
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from shared.models.base import bureau, metadata, moment, text
from shared.models.tickets import Xid8

REVEALED = "caller.revealed"

audit_entries = Table(
    "audit_entries",
    metadata,
    bureau(),
    Column("entry", BigInteger, Numbered(always=True), primary_key=True, comment="编号"),
    Column(
        "xid",
        Xid8(),
        nullable=False,
        server_default=sql("minhu_xid()"),
        comment="写入事务号，入链据此不漏",
    ),
    moment("at", "查阅时间（业务时钟）", nullable=False),
    moment(
        "recorded_at", "写入的真实时间", nullable=False, server_default=sql("clock_timestamp()")
    ),
    text("kind", "做了什么"),
    text("role", "查阅者角色"),
    text("actor", "查阅者"),
    text("key", "所用密钥编号", nullable=True),
    text("unit", "查阅者单位", nullable=True),
    Column("tickets", ARRAY(BigInteger), comment="所见工单的内部编号"),
    text("operation", "接口的操作编号"),
    Column("detail", JSONB, comment="字段、理由、查询条件；不含所见内容"),
    text("trace", "追踪编号", nullable=True),
    Index("ix_audit_entries_fresh", "bureau_id", "xid"),
    Index(
        "ix_audit_entries_revealed",
        "bureau_id",
        "key",
        "at",
        postgresql_where=sql(f"kind = '{REVEALED}'"),
    ),
    comment="查阅记录（只增不改）",
)

# Written when an entry is linked, so that those who read tickets write one row and no more.
audit_tickets = Table(
    "audit_tickets",
    metadata,
    bureau(),
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False, comment="工单内部编号"),
    Column("entry", BigInteger, primary_key=True, autoincrement=False, comment="查阅记录编号"),
    comment="按工单查找查阅记录（入链时写）",
)

audit_links = Table(
    "audit_links",
    metadata,
    bureau(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="第几环，从1起"),
    Column("entry", BigInteger, nullable=False, comment="查阅记录编号"),
    Column(
        "digest", LargeBinary, nullable=False, comment="SHA-256（上一环的摘要，本条记录的规范写法）"
    ),
    UniqueConstraint("bureau_id", "entry"),
    comment="查阅记录的链（只增不改）",
)

audit_heads = Table(
    "audit_heads",
    metadata,
    bureau(),
    Column("seq", BigInteger, nullable=False, comment="已到第几环"),
    Column("digest", LargeBinary, nullable=False, comment="该环的摘要"),
    Column("low", Xid8(), nullable=False, comment="此前事务的记录都已入链"),
    moment("linked_at", "最近入链的真实时间", nullable=False),
    comment="链头",
)
