"""Where the transaction ids come from: they order every feed, and must rise for ever."""

from sqlalchemy import BigInteger, Column, Integer, Table
from sqlalchemy import text as sql

from shared.models.base import metadata, moment, text

# Belongs to the server, and so to no bureau.
transaction_bases = Table(
    "transaction_bases",
    metadata,
    Column(
        "base",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="加在数据库事务号上的数",
    ),
    text("system", "服务器的系统标识", primary_key=True),
    Column("timeline", Integer, primary_key=True, autoincrement=False, comment="当时的时间线"),
    moment("set_at", "设定时间", nullable=False, server_default=sql("clock_timestamp()")),
    comment="事务号的基数：每到一台服务器或每次恢复记一行",
)
