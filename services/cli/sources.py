"""`minhu sources`: upstream platforms, their callbacks and signing secrets."""

from collections.abc import Sequence
from pathlib import Path

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.folder import DEFAULT
from services.cli.installation import SET_BUREAU, enter_bureau, run_on
from services.cli.keys import show_minute
from services.cli.table import print_rows
from shared.errors import NotFound
from shared.events.subscriptions import CALLBACK
from shared.identity.sources import SourceEntry, add_source, list_sources, rotate_source, set_lists
from shared.outgoing import check_url, reach_of
from shared.tickets import Hotline
from shared.tickets.receivers import enable as enable_receiver

# A source's name is unique in the installation and leads to its bureau.
FIND_BUREAU = text("SELECT minhu_source_bureau(:source) AS bureau_id")

app = typer.Typer(
    help="上级平台：登记、更换签名密钥、列出。", rich_markup_mode=None, no_args_is_help=True
)


@app.command(help="登记平台并给出签名密钥。密钥只显示这一次，单独在最后一行。")
def add(
    name: str = typer.Argument(help="来源名，全系统唯一，例如 city-12345"),
    *,
    callback: str | None = typer.Option(None, help="状态回送地址（https）"),
    list_url: str | None = typer.Option(None, help="对账名单地址（https），每日去取"),
    request_url: str | None = typer.Option(None, help="请平台重推一条消息的地址（https）"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> str:
        for url in filter(None, (callback, list_url, request_url)):
            await check_url(url, reach_of(hotline.settings))
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
            return await add_source(
                connection,
                bureau_id,
                name,
                keyring=hotline.keyring,
                callback_url=callback,
                list_url=list_url,
                request_url=request_url,
            )

    typer.echo(run_on(data_dir, work))


@app.command(help="更换签名密钥，旧密钥再用 24 小时。新密钥单独在最后一行。")
def rotate(
    name: str = typer.Argument(help="来源名"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> str:
        async with hotline.database.unscoped() as connection:
            bureau = await enter_bureau_of(connection, name)
            return await rotate_source(connection, bureau, name, keyring=hotline.keyring)

    typer.echo(run_on(data_dir, work))


@app.command("set", help='登记或更换对账名单、重推的地址；写空（""）为取消，不写为照旧。')
def set_addresses(
    name: str = typer.Argument(help="来源名"),
    list_url: str | None = typer.Option(None, help="对账名单地址（https），每日去取"),
    request_url: str | None = typer.Option(None, help="请平台重推一条消息的地址（https）"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> None:
        for url in filter(None, (list_url, request_url)):
            await check_url(url, reach_of(hotline.settings))
        async with hotline.database.unscoped() as connection:
            bureau = await enter_bureau_of(connection, name)
            await set_lists(connection, bureau, name, list_url=list_url, request_url=request_url)

    run_on(data_dir, work)
    typer.echo(f"已更新 {name}")


@app.command(help="重新启用已停用的回送地址：积下的按次序接着送。")
def enable(
    name: str = typer.Argument(help="来源名"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> None:
        async with hotline.database.unscoped() as connection:
            bureau = await enter_bureau_of(connection, name)
        async with hotline.database.transaction(bureau) as tx:
            await enable_receiver(tx, CALLBACK + name)

    run_on(data_dir, work)
    typer.echo(f"{name} 的回送已启用")


@app.command("list", help="列出平台（不含密钥）。")
def list_all(
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> Sequence[SourceEntry]:
        async with hotline.database.unscoped() as connection:
            return await list_sources(connection, await enter_bureau(connection, bureau))

    print_rows(
        ("来源", "登记时间", "有效密钥", "回送地址", "名单地址", "重推地址"),
        [
            (
                one.name,
                show_minute(one.created_at),
                str(one.live_secrets),
                one.callback_url or "-",
                one.list_url or "-",
                one.request_url or "-",
            )
            for one in run_on(data_dir, work)
        ],
    )


async def enter_bureau_of(connection: AsyncConnection, source: str) -> int:
    bureau = (await connection.execute(FIND_BUREAU, {"source": source})).scalar()
    if bureau is None:
        raise NotFound(f"没有登记过来源 {source}")
    await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
    return int(bureau)
