"""`minhu up`: the whole installation on this machine, until Ctrl-C."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from services.cli.addresses import DATABASE
from services.cli.folder import DEFAULT, DataFolder, open_folder, write_private
from services.cli.installation import SANDBOX, read_given
from services.cli.serve import DEFAULT_PORT_BASE
from services.cli.stack import Wish, running_stack
from services.cli.supervisor import Stopped

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(help="在本机启动数据库、Redis、三个服务和后台进程；Ctrl-C 停止全部。")
def up(
    data_dir: Path = typer.Option(DEFAULT, help="数据目录"),
    port_base: int = typer.Option(DEFAULT_PORT_BASE, help="端口起点：服务依次为 +1、+2、+3"),
    ready_file: Path | None = typer.Option(None, help="全部就绪后写出地址和密钥的文件"),
    sandbox: bool = typer.Option(False, "--sandbox", help="沙箱：使用虚拟时钟"),
) -> None:
    wish = Wish(open_folder(data_dir), port_base, sandbox, ready_file and ready_file.resolve())
    # Once all is ready, a signal is the proper end.
    with running_stack(wish) as (supervisor, ready), contextlib.suppress(Stopped):
        announce(ready, wish.folder)
        if wish.ready_file is not None:
            write_private(wish.ready_file, json.dumps(ready, ensure_ascii=False))
        supervisor.wait()


def announce(ready: Mapping[str, Any], folder: DataFolder) -> None:
    running = folder.find_running() or {}
    sandbox = running.get(SANDBOX) == "1"
    typer.echo("民呼已就绪" + ("（沙箱，虚拟时钟）" if sandbox else ""))
    for name, label in (("intake", "受理"), ("dispatch", "派单"), ("scoring", "考核")):
        typer.echo(f"  {label}  {ready[name]}")
    if ready["keys"]:
        typer.echo(
            f"  样例机构的密钥在 {folder.secrets_of(read_given().get(DATABASE))}（仅本人可读）"
        )
    else:
        typer.echo("  签发密钥请运行 minhu keys issue --role desk")
    typer.echo(f"  日志在 {folder.logs}")
    typer.echo("  按 Ctrl-C 停止全部")
