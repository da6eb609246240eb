"""`minhu keys`: API keys issued, listed, rotated and revoked."""

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
from services.cli.installation import enter_bureau, run_on
from services.cli.spans import read_end, read_span
from services.cli.table import print_rows
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import Role
from shared.errors import Invalid, NotFound
from shared.identity import NewKey, issue_key
from shared.identity.keys import revoke_key, rotate_key
from shared.identity.scopes import SCOPES, KeyScope
from shared.tickets import Hotline

app = typer.Typer(
    help="接口密钥：签发、列出、轮换、吊销。", rich_markup_mode=None, no_args_is_help=True
)

FIND_UNIT = text(
    "SELECT name FROM units WHERE bureau_id = :bureau AND unit_id = :unit AND valid_to IS NULL"
)
UNITS = text(
    "SELECT unit_id FROM units WHERE bureau_id = :bureau AND valid_to IS NULL ORDER BY unit_id"
)
LIST_KEYS = text(
    "SELECT key_id, role, unit_id, actor, created_at, revoked_at, expires_at, last_used_at,"
    " scopes, networks, rotated_from, expires_at <= clock_timestamp() AS is_expired"
    " FROM api_keys WHERE bureau_id = :bureau ORDER BY created_at, key_id"
)
HEAD = (
    *("编号", "局", "角色", "单位", "持有人", "签发时间", "状态"),
    *("到期", "最近使用", "权限", "网段", "接替"),
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
SCOPE_HELP = "权限，可给多个；不给即角色所有的全部。" + "；".join(
    f"{scope} {told}" for scope, told in SCOPES.items()
)
EXPIRES_HELP = "到期：日期（2027-01-31，含当日）或时长（90d、12h）"


@app.command(help="签发密钥。密钥只显示这一次，单独在最后一行。")
def issue(
    *,
    role: KeyRole = typer.Option(help="角色：unit、desk、leader、bi 或 admin"),
    unit: str | None = typer.Option(None, help="绑定的单位代号；unit 必填，bi 可填"),
    actor: str | None = typer.Option(None, help="持有人姓名，记入每一步操作"),
    scope: list[KeyScope] = typer.Option([], help=SCOPE_HELP),
    expires: str | None = typer.Option(None, help=EXPIRES_HELP + "；不给即长期有效"),
    network: list[str] = typer.Option([], help="只许来自这个网段（如 10.20.0.0/16），可给多个"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    end = None if expires is None else read_end(expires)

    async def work(hotline: Hotline) -> NewKey:
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
            holder = await name_holder(connection, bureau_id, role, unit)
            return await issue_key(
                connection,
                bureau_id,
                role=Role(role),
                unit=unit,
                actor=actor or holder,
                scopes=scope,
                networks=network,
                expires_at=end,
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


@app.command("list", help="列出密钥（不含密钥本身）、到期、最近使用、权限和网段。")
def list_keys(
    bureau: str | None = typer.Option(None, help="只看这个局"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> Sequence[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = []
        for slug, bureau_id in (await hotline.slugs()).items():
            if bureau in (None, slug):
                async with hotline.database.transaction(bureau_id, writing=False) as tx:
                    rows += [(slug, row) for row in await tx.rows(LIST_KEYS, bureau=bureau_id)]
        return rows

    print_rows(HEAD, [cells_of(slug, row) for slug, row in run_on(data_dir, work)])


def cells_of(slug: str, row: Any) -> tuple[str, ...]:
    return (
        *(row.key_id, slug, row.role, row.unit_id or "-", row.actor),
        show_minute(row.created_at),
        describe_state(row),
        "长期" if row.expires_at is None else show_minute(row.expires_at),
        "从未" if row.last_used_at is None else show_minute(row.last_used_at),
        "全部" if row.scopes is None else ",".join(row.scopes),
        "不限" if row.networks is None else ",".join(row.networks),
        row.rotated_from or "-",
    )


def describe_state(row: Any) -> str:
    if row.revoked_at is not None:
        return f"已吊销 {show_minute(row.revoked_at)}"
    return "已过期" if row.is_expired else "有效"


def show_minute(at: datetime) -> str:
    return f"{at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"


@app.command(help="轮换：签发同样的新密钥（单独在最后一行），旧的到宽限期满为止，两者并存。")
def rotate(
    key_id: str = typer.Argument(help="密钥编号（密钥中 mh_ 之后的八位）"),
    grace: str = typer.Option("24h", help="旧密钥还用多久，例如 30m、24h、7d"),
    expires: str | None = typer.Option(None, help=EXPIRES_HELP + "；不给即与旧的同样长"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    span, end = read_span(grace), None if expires is None else read_end(expires)

    async def work(hotline: Hotline) -> NewKey:
        bureau = await bureau_of(hotline, key_id)
        async with hotline.database.transaction(bureau) as tx:
            return await rotate_key(tx.connection, bureau, key_id, grace=span, expires_at=end)

    key = run_on(data_dir, work)
    typer.echo(f"已签发 {key.key_id}，接替 {key_id}；旧的再用 {grace}", err=True)
    typer.echo(key.plain)


FIND_KEY = text("SELECT key_id FROM api_keys WHERE bureau_id = :bureau AND key_id = :key_id")


async def bureau_of(hotline: Hotline, key_id: str) -> int:
    for bureau in await hotline.bureaus():
        async with hotline.database.transaction(bureau, writing=False) as tx:
            if await tx.rows(FIND_KEY, bureau=bureau, key_id=key_id):
                return bureau
    raise NotFound(f"没有编号为 {key_id} 的密钥")


@app.command(help="吊销密钥，五秒内在所有服务生效。")
def revoke(
    key_id: str = typer.Argument(help="密钥编号（密钥中 mh_ 之后的八位）"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> str | None:
        bureau = await bureau_of(hotline, key_id)
        async with hotline.database.transaction(bureau) as tx:
            return await revoke_key(tx.connection, bureau, key_id)

    typer.echo(f"已吊销 {key_id}（{run_on(data_dir, work)}）")
