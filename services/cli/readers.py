"""`minhu bi`: who reads the reports' views, and whose rows."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import typer
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from services.cli.addresses import OWNER, check_address
from services.cli.installation import read_given
from services.cli.table import print_rows
from services.cli.trouble import explain_trouble
from shared.db.readers import grant_reader, list_readers, revoke_reader
from shared.settings import MissingSetting

T = TypeVar("T")
ROLE = "报表工具登录数据库的用户，由数据库管理员先建好"

app = typer.Typer(
    help="报表用户：授权、收回、列出。须设 MINHU_OWNER_DATABASE_URL。",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command(help="让一个数据库用户读报表视图，只见指明的局（或其中一个单位及其下级）。")
def grant(
    role: str = typer.Argument(help=ROLE),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    unit: str | None = typer.Option(None, help="只看这个单位及其下级"),
) -> None:
    reader = as_owner(lambda connection: grant_reader(connection, role, bureau=bureau, unit=unit))
    typer.echo(f"{reader.role} 可以读 {reader.bureau} 的报表视图，范围：{reader.unit or '全局'}")


@app.command(help="收回：这个用户从此一行也看不到。")
def revoke(role: str = typer.Argument(help=ROLE)) -> None:
    as_owner(lambda connection: revoke_reader(connection, role))
    typer.echo(f"已收回 {role}")


@app.command("list", help="列出报表用户。")
def list_all() -> None:
    rows = as_owner(list_readers)
    print_rows(("用户", "局", "单位"), [(one.role, one.bureau, one.unit or "-") for one in rows])


def as_owner(work: Callable[[Connection], T]) -> T:
    """In one transaction of the database's owner, as `minhu migrate` works."""
    given = read_given()
    if OWNER not in given:
        raise MissingSetting(f"请设置环境变量 {OWNER}（库的所有者）")
    check_address(OWNER, given[OWNER])
    url = given[OWNER].replace("postgresql://", "postgresql+asyncpg://", 1)

    async def opened() -> T:
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    with explain_trouble(given[OWNER]):
        return asyncio.run(opened())
