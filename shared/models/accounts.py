"""Persons at the desk: their accounts, what they sign in with, and the sessions that come of it."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as sql

from shared.domain.words import Role
from shared.models.base import bureau, metadata, moment, one_of, text

HOLDERS = (Role.UNIT, Role.DESK, Role.LEADER, Role.BI, Role.ADMIN)
SUBJECTS = ("account", "address")
ORIGINS = ("password", "oidc")

accounts = Table(
    "accounts",
    metadata,
    bureau(),
    text("account", "登录名", primary_key=True),
    text("actor", "姓名，记入每一步操作"),
    text("role", "角色"),
    text("unit_id", "绑定单位", nullable=True),
    text("password_hash", "口令摘要（Argon2id）；只用统一认证的为空", nullable=True),
    Column("totp_sealed", LargeBinary, comment="动态码种子的密文（AES-256-GCM）"),
    text("totp_seal_key_id", "加密密钥编号", nullable=True),
    Column(
        "totp_step",
        BigInteger,
        nullable=False,
        server_default=sql("0"),
        comment="最近用过的动态码的时间步，用过的不再认",
    ),
    text("oidc_issuer", "统一认证的签发者", nullable=True),
    text("oidc_subject", "统一认证中的用户标识（sub）", nullable=True),
    moment("created_at", "建立时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("signed_in_at", "最近登录"),
    moment("disabled_at", "停用时间"),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    ForeignKeyConstraint(["bureau_id", "unit_id"], ["units.bureau_id", "units.unit_id"]),
    UniqueConstraint("bureau_id", "oidc_issuer", "oidc_subject"),
    one_of("role", HOLDERS),
    comment="人员账号",
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    bureau(),
    text("account", "登录名", primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True, comment="恢复码摘要（SHA-256）"),
    moment("used_at", "使用时间"),
    ForeignKeyConstraint(["bureau_id", "account"], ["accounts.bureau_id", "accounts.account"]),
    comment="恢复码（只存摘要，各用一次）",
)

# Of names that are no account too: the answer must not tell them apart.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    bureau(),
    text("kind", "按账号或按来源地址", primary_key=True),
    text("subject", "登录名或地址", primary_key=True),
    Column("failures", Integer, nullable=False, comment="连续失败次数"),
    moment("failed_at", "最近失败", nullable=False),
    moment("locked_until", "锁定至"),
    one_of("kind", SUBJECTS),
    comment="登录失败计数",
)

sessions = Table(
    "sessions",
    metadata,
    bureau(),
    text("session_id", "会话公开编号（全系统唯一）", primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, comment="令牌摘要（SHA-256）"),
    text("account", "登录名"),
    text("role", "角色"),
    text("unit_id", "绑定单位", nullable=True),
    text("actor", "姓名"),
    text("origin", "登录方式"),
    Column("login_hash", LargeBinary, comment="统一认证的一次登录，只能换得一个会话"),
    moment("created_at", "登录时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("expires_at", "最迟到期", nullable=False),
    Column("idle_seconds", Integer, nullable=False, comment="闲置多久即失效（秒）"),
    moment("last_used_at", "最近使用", nullable=False, server_default=sql("clock_timestamp()")),
    moment("ended_at", "结束时间"),
    ForeignKeyConstraint(["bureau_id", "account"], ["accounts.bureau_id", "accounts.account"]),
    UniqueConstraint("session_id"),
    UniqueConstraint("bureau_id", "login_hash"),
    one_of("role", HOLDERS),
    one_of("origin", ORIGINS),
    Index("ix_sessions_account", "bureau_id", "account"),
    Index("ix_sessions_expires", "bureau_id", "expires_at"),
    comment="人员会话（只存摘要）",
)
