"""`minhu keys`: API keys issued, listed and revoked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.folder import DEFAULT
from services.cli.installation import BUREAUS, SET_BUREAU, enter_bureau, run_on
from services.cli.table import print_rows
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import Role
from shared.errors import Invalid, NotFound
from shared.identity import NewKey, issue_key
from shared.tickets import Hotline

app = typer.Typer(help="接口密钥：签发、列出、吊销。", rich_markup_mode=None, no_args_is_help=True)

FIND_UNIT = text(
    "SELECT name FROM units WHERE bureau_id = :bureau AND unit_id = :unit AND valid_to IS NULL"
)
UNITS = text(
    "SELECT unit_id FROM units WHERE bureau_id = :bureau AND valid_to IS NULL ORDER BY unit_id"
)
LIST_KEYS = text(
    "SELECT b.slug, k.key_id, k.role, k.unit_id, k.actor, k.created_at, k.revoked_at,"
    " k.expires_at <= clock_timestamp() AS is_expired"
    " FROM api_keys k JOIN bureaus b USING (bureau_id)"
    " WHERE k.bureau_id = :bureau ORDER BY k.created_at, k.key_id"
)
FIND_KEY = text("SELECT bureau_id FROM minhu_key(:key_id)")
REVOKE_KEY = text(
    "UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp())"
    " WHERE bureau_id = :bureau AND key_id = :key_id RETURNING actor"
)


class KeyRole(StrEnum):
    """The roles that a key can stand for."""

    UNIT = "unit"
    DESK = "desk"
    LEADER = "leader"
    BI = "bi"
    ADMIN = "admin"


HOLDERS: Mapping[KeyRole, str] = MappingProxyType(
    {
        KeyRole.UNIT: "经办人",
        KeyRole.DESK: "受理员",
        KeyRole.LEADER: "局领导",
        KeyRole.BI: "数据分析员",
        KeyRole.ADMIN: "管理员",
    }
)
UNIT_ROLES = (KeyRole.UNIT, KeyRole.BI)


@app.command(help="签发密钥。密钥只显示这一次，单独在最后一行。")
def issue(
    role: KeyRole = typer.Option(help="角色：unit、desk、leader、bi 或 admin"),
    unit: str | None = typer.Option(None, help="绑定的单位代号；unit 必填，bi 可填"),
    actor: str | None = typer.Option(None, help="持有人姓名，记入每一步操作"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> NewKey:
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
            holder = await name_holder(connection, bureau_id, role, unit)
            return await issue_key(
                connection, bureau_id, role=Role(role), unit=unit, actor=actor or holder
            )

    key = run_on(data_dir, work)
    typer.echo(f"已签发 {key.key_id}，吊销请运行 minhu keys revoke {key.key_id}", err=True)
    typer.echo(key.plain)


async def name_holder(
    connection: AsyncConnection, bureau: int, role: KeyRole, unit: str | None
) -> str:
    """Who holds the key where nobody is named. Raises when role and unit do not fit."""
    if role is KeyRole.UNIT and unit is None:
        raise Invalid("角色 unit 须用 --unit 指明单位")
    if unit is None:
        return HOLDERS[role]
    if role not in UNIT_ROLES:
        raise Invalid(f"角色 {role} 属于全局，不能绑定单位")
    found = (await connection.execute(FIND_UNIT, {"bureau": bureau, "unit": unit})).first()
    if found is None:
        known = (await connection.execute(UNITS, {"bureau": bureau})).scalars()
        raise NotFound(f"没有代号为 {unit} 的单位；现有：{'、'.join(known)}")
    return f"{found.name}{HOLDERS[role]}"


@app.command("list", help="列出密钥（不含密钥本身）。")
def list_keys(
    bureau: str | None = typer.Option(None, help="只看这个局"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> Sequence[Any]:
        async with hotline.database.unscoped() as connection:
            found: list[Any] = []
            for row in (await connection.execute(BUREAUS)).all():
                if bureau in (None, row.slug):
                    await connection.execute(SET_BUREAU, {"bureau": str(row.bureau_id)})
                    keys = await connection.execute(LIST_KEYS, {"bureau": row.bureau_id})
                    found += keys.all()
            return found

    print_rows(
        ("编号", "局", "角色", "单位", "持有人", "签发时间", "状态"),
        [
            (
                row.key_id,
                row.slug,
                row.role,
                row.unit_id or "-",
                row.actor,
                show_minute(row.created_at),
                describe_state(row),
            )
            for row in run_on(data_dir, work)
        ],
    )


def describe_state(row: Any) -> str:
    if row.revoked_at is not None:
        return f"已吊销 {show_minute(row.revoked_at)}"
    return "已过期" if row.is_expired else "有效"


def show_minute(at: datetime) -> str:
    return f"{at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"


@app.command(help="吊销密钥，两秒内在所有服务生效。")
def revoke(
    key_id: str = typer.Argument(help="密钥编号（密钥中 mh_ 之后的八位）"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> str:
        async with hotline.database.unscoped() as connection:
            bureau = (await connection.execute(FIND_KEY, {"key_id": key_id})).scalar()
            if bureau is None:
                raise NotFound(f"没有编号为 {key_id} 的密钥")
            await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
            named = {"bureau": bureau, "key_id": key_id}
            return str((await connection.execute(REVOKE_KEY, named)).scalar_one())

    typer.echo(f"已吊销 {key_id}（{run_on(data_dir, work)}）")
