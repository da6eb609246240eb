"""`minhu migrate`: the schema brought to a revision, roles made, grants given."""

import asyncio

import typer

from services.cli.addresses import DATABASE, OWNER, check_address
from services.cli.installation import read_given
from services.cli.trouble import explain_trouble
from shared.db.migrate import migrate as run_migrations
from shared.settings import MissingSetting

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(help="以所有者身份升级数据库结构，建立缺少的角色并授权。")
def migrate(
    revision: str = typer.Option("head", help="目标版本；base 或 -1 为回退"),
    restored: bool = typer.Option(
        False,
        "--restored",
        envvar="MINHU_RESTORED",
        help="这台服务器刚恢复到较早的时刻；换了服务器的不必写",
    ),
) -> None:
    """MINHU_DATABASE_URL names the password which a missing role minhu_app is made with."""
    given = read_given()
    if OWNER not in given:
        raise MissingSetting(f"请设置环境变量 {OWNER}（库的所有者）")
    for name in (OWNER, DATABASE):
        if name in given:
            check_address(name, given[name])
    owner_url = given[OWNER]
    with explain_trouble(owner_url):
        base = asyncio.run(
            run_migrations(owner_url, given.get(DATABASE), revision=revision, restored=restored)
        )
    typer.echo(f"数据库已在版本 {revision}")
    if base is not None:
        typer.echo(f"事务号自 {base} 起续编，各订阅凭原有游标接着读")
