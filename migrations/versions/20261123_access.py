"""Keys with scopes, networks and a last use; persons' accounts and sessions."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8d15f3a6c204"
down_revision = "1e6aa5ea93cf"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

Column = sa.Column[Any]
ROLES = "role IN ('unit', 'desk', 'leader', 'bi', 'admin')"
NOW = sa.text("clock_timestamp()")


def _moment(name: str, comment: str, *, is_now: bool = False, nullable: bool = True) -> Column:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        nullable=nullable and not is_now,
        server_default=NOW if is_now else None,
        comment=comment,
    )


def _bureau() -> Column:
    return sa.Column(
        "bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"
    )


def _text(name: str, comment: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["bureau_id", "account"],
        ["accounts.bureau_id", "accounts.account"],
        name=op.f(f"fk_{table}_bureau_id_account"),
    )


def upgrade() -> None:
    # Nullable and without default: no rewrite, so a running system is not held up.
    texts = postgresql.ARRAY(sa.Text())
    for column in (
        sa.Column("scopes", texts, nullable=True, comment="权限范围；空为角色所有的全部"),
        sa.Column("networks", texts, nullable=True, comment="可以来自的网段；空为不限"),
        _moment("last_used_at", "最近使用（每分钟至多记一次）"),
        _text("rotated_from", "由哪个密钥轮换而来", nullable=True),
    ):
        op.add_column("api_keys", column)
    _create_accounts()
    _create_recovery_codes()
    _create_failures()
    _create_sessions()


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _bureau(),
        _text("account", "登录名"),
        _text("actor", "姓名，记入每一步操作"),
        _text("role", "角色"),
        _text("unit_id", "绑定单位", nullable=True),
        _text("password_hash", "口令摘要（Argon2id）；只用统一认证的为空", nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), comment="动态码种子的密文（AES-256-GCM）"),
        _text("totp_seal_key_id", "加密密钥编号", nullable=True),
        sa.Column(
            "totp_step",
            sa.BigInteger(),
            nullable=False,
            server_default=sa.text("0"),
            comment="最近用过的动态码的时间步，用过的不再认",
        ),
        _text("oidc_issuer", "统一认证的签发者", nullable=True),
        _text("oidc_subject", "统一认证中的用户标识（sub）", nullable=True),
        _moment("created_at", "建立时间", is_now=True),
        _moment("signed_in_at", "最近登录"),
        _moment("disabled_at", "停用时间"),
        sa.CheckConstraint(ROLES, name=op.f("ck_accounts_role")),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_accounts_bureau_id")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "unit_id"],
            ["units.bureau_id", "units.unit_id"],
            name=op.f("fk_accounts_bureau_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "account", name=op.f("pk_accounts")),
        sa.UniqueConstraint(
            "bureau_id",
            "oidc_issuer",
            "oidc_subject",
            name=op.f("uq_accounts_bureau_id_oidc_issuer_oidc_subject"),
        ),
        comment="人员账号",
    )


def _create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        _bureau(),
        _text("account", "登录名"),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False, comment="恢复码摘要（SHA-256）"),
        _moment("used_at", "使用时间"),
        _of_account("recovery_codes"),
        sa.PrimaryKeyConstraint(
            "bureau_id", "account", "code_hash", name=op.f("pk_recovery_codes")
        ),
        comment="恢复码（只存摘要，各用一次）",
    )


def _create_failures() -> None:
    op.create_table(
        "sign_in_failures",
        _bureau(),
        _text("kind", "按账号或按来源地址"),
        _text("subject", "登录名或地址"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="连续失败次数"),
        _moment("failed_at", "最近失败", nullable=False),
        _moment("locked_until", "锁定至"),
        sa.CheckConstraint("kind IN ('account', 'address')", name=op.f("ck_sign_in_failures_kind")),
        sa.PrimaryKeyConstraint("bureau_id", "kind", "subject", name=op.f("pk_sign_in_failures")),
        comment="登录失败计数",
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        _bureau(),
        _text("session_id", "会话公开编号（全系统唯一）"),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False, comment="令牌摘要（SHA-256）"),
        _text("account", "登录名"),
        _text("role", "角色"),
        _text("unit_id", "绑定单位", nullable=True),
        _text("actor", "姓名"),
        _text("origin", "登录方式"),
        sa.Column("login_hash", sa.LargeBinary(), comment="统一认证的一次登录，只能换得一个会话"),
        _moment("created_at", "登录时间", is_now=True),
        _moment("expires_at", "最迟到期", nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False, comment="闲置多久即失效（秒）"),
        _moment("last_used_at", "最近使用", is_now=True),
        _moment("ended_at", "结束时间"),
        sa.CheckConstraint(ROLES, name=op.f("ck_sessions_role")),
        sa.CheckConstraint("origin IN ('password', 'oidc')", name=op.f("ck_sessions_origin")),
        _of_account("sessions"),
        sa.PrimaryKeyConstraint("bureau_id", "session_id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("session_id", name=op.f("uq_sessions_session_id")),
        sa.UniqueConstraint(
            "bureau_id", "login_hash", name=op.f("uq_sessions_bureau_id_login_hash")
        ),
        comment="人员会话（只存摘要）",
    )
    op.create_index("ix_sessions_account", "sessions", ["bureau_id", "account"])
    op.create_index("ix_sessions_expires", "sessions", ["bureau_id", "expires_at"])


def downgrade() -> None:
    for table in ("sessions", "sign_in_failures", "recovery_codes", "accounts"):
        op.drop_table(table)
    for column in ("rotated_from", "last_used_at", "networks", "scopes"):
        op.drop_column("api_keys", column)
