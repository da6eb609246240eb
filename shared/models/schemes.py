"""Assessment schemes, version by version."""

from sqlalchemy import CheckConstraint, Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from shared.models.base import bureau, metadata, moment, text

schemes = Table(
    "schemes",
    metadata,
    bureau(),
    text("scheme", "考核方案编号", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="版本，从1起"),
    Column("body", JSONB, nullable=False, comment="权重、加减分、曲线、分档、分支"),
    text("title", "名称"),
    text("author", "起草人"),
    text("author_key", "起草所用的密钥编号", nullable=True),
    moment("created_at", "起草时间", nullable=False),
    moment("effective_from", "自何时起施行；空为草案"),
    text("approved_by", "启用人，与起草人不是同一人", nullable=True),
    text("approved_key", "启用所用的密钥编号", nullable=True),
    moment("activated_at", "启用时间"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint(
        "(effective_from IS NULL) = (activated_at IS NULL)"
        " AND (effective_from IS NULL) = (approved_by IS NULL)",
        name="activated_whole",
    ),
    CheckConstraint(
        "approved_by IS DISTINCT FROM author AND (approved_key IS NULL OR"
        " approved_key IS DISTINCT FROM author_key)",
        name="two_persons",
    ),
    comment="考核方案的各个版本（草案与已启用的；随系统自带的不在此表）",
)

__all__ = ["schemes"]
