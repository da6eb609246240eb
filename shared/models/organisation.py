"""Bureaus, their units, the keys and platforms that speak to them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)

from shared.domain.words import Role, UnitKind
from shared.models.base import bureau, metadata, moment, one_of, text

bureaus = Table(
    "bureaus",
    metadata,
    bureau(),
    text("slug", "局的代号"),
    text("name", "局的名称"),
    Column(
        "config_version",
        BigInteger,
        nullable=False,
        server_default=sql("1"),
        comment="单位、日历、时限每次变动加一，进程据此刷新缓存",
    ),
    moment("created_at", "建立时间", nullable=False, server_default=sql("clock_timestamp()")),
    UniqueConstraint("slug"),
    comment="局（租户）",
)

units = Table(
    "units",
    metadata,
    bureau(),
    text("unit_id", "单位代号", primary_key=True),
    text("parent_id", "上级单位", nullable=True),
    text("kind", "单位类别"),
    text("name", "单位名称"),
    Column("trades", ARRAY(Text), nullable=False, comment="承办行业"),
    Column("depth", SmallInteger, nullable=False, comment="自局起的层级"),
    Column("upstream_level", SmallInteger, comment="上级平台的承办层级编号"),
    Column("is_sample", Boolean, nullable=False, server_default=sql("false"), comment="样例数据"),
    moment("valid_from", "启用时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("valid_to", "停用时间"),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    ForeignKeyConstraint(["bureau_id", "parent_id"], ["units.bureau_id", "units.unit_id"]),
    one_of("kind", UnitKind),
    comment="承办单位（树）",
)

api_keys = Table(
    "api_keys",
    metadata,
    bureau(),
    text("key_id", "密钥公开编号（全系统唯一）", primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, comment="密钥摘要（SHA-256）"),
    text("role", "角色"),
    text("unit_id", "绑定单位", nullable=True),
    text("actor", "持有人"),
    moment("created_at", "签发时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("expires_at", "到期时间"),
    moment("revoked_at", "吊销时间"),
    Column("scopes", ARRAY(Text), comment="权限范围；空为角色所有的全部"),
    Column("networks", ARRAY(Text), comment="可以来自的网段；空为不限"),
    moment("last_used_at", "最近使用（每分钟至多记一次）"),
    text("rotated_from", "由哪个密钥轮换而来", nullable=True),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    ForeignKeyConstraint(["bureau_id", "unit_id"], ["units.bureau_id", "units.unit_id"]),
    UniqueConstraint("key_id"),
    one_of("role", (Role.UNIT, Role.DESK, Role.LEADER, Role.BI, Role.ADMIN)),
    comment="接口密钥（只存摘要）",
)

bi_readers = Table(
    "bi_readers",
    metadata,
    bureau(),
    text("role_name", "报表工具登录数据库的用户", primary_key=True),
    text("unit_id", "只看这个单位及其下级；空为全局", nullable=True),
    moment("granted_at", "授权时间", nullable=False, server_default=sql("clock_timestamp()")),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    ForeignKeyConstraint(["bureau_id", "unit_id"], ["units.bureau_id", "units.unit_id"]),
    UniqueConstraint("role_name"),
    comment="报表用户各读哪个局、哪些单位",
)

sources = Table(
    "sources",
    metadata,
    bureau(),
    text("source", "上级平台名（全系统唯一）", primary_key=True),
    text("callback_url", "回调地址", nullable=True),
    text("list_url", "对账名单的地址（每日去取）", nullable=True),
    text("request_url", "请平台重推一条消息的地址", nullable=True),
    moment("created_at", "登记时间", nullable=False, server_default=sql("clock_timestamp()")),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    UniqueConstraint("source"),
    comment="上级平台",
)

source_secrets = Table(
    "source_secrets",
    metadata,
    bureau(),
    text("source", "上级平台名", primary_key=True),
    Column("secret_id", Integer, primary_key=True, autoincrement=False, comment="密钥序号"),
    Column("sealed", LargeBinary, nullable=False, comment="签名密钥密文（AES-256-GCM）"),
    text("seal_key_id", "加密密钥编号"),
    moment("created_at", "启用时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("expires_at", "停用时间（轮换后旧密钥的宽限）"),
    ForeignKeyConstraint(["bureau_id", "source"], ["sources.bureau_id", "sources.source"]),
    comment="上级平台签名密钥",
)

calendars = Table(
    "calendars",
    metadata,
    bureau(),
    text("version", "日历版本", primary_key=True),
    Column("provisional_years", ARRAY(Integer), nullable=False, comment="暂定年份"),
    moment("valid_from", "生效时间", nullable=False),
    moment("valid_to", "失效时间"),
    moment("loaded_at", "载入时间", nullable=False, server_default=sql("clock_timestamp()")),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    comment="工作日历版本",
)

calendar_days = Table(
    "calendar_days",
    metadata,
    bureau(),
    text("version", "日历版本", primary_key=True),
    Column("day", Date, primary_key=True, comment="日期"),
    Column("is_workday", Boolean, nullable=False, comment="是否工作日（调休上班为是）"),
    text("name", "节日名称"),
    ForeignKeyConstraint(["bureau_id", "version"], ["calendars.bureau_id", "calendars.version"]),
    comment="节假日与调休",
)

limits = Table(
    "limits",
    metadata,
    bureau(),
    text("version", "时限版本", primary_key=True),
    text("name", "时限名", primary_key=True),
    text("value", "取值"),
    moment("valid_from", "生效时间", nullable=False),
    moment("valid_to", "失效时间"),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    comment="时限与规则参数",
)
