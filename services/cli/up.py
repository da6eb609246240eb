"""`minhu up`: the whole installation on this machine, until Ctrl-C."""

import json
from pathlib import Path

import typer

from services.cli.folder import DEFAULT, open_folder, write_private
from services.cli.sample import FILE
from services.cli.serve import DEFAULT_PORT_BASE
from services.cli.stack import Wish, running_stack

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(help="在本机启动数据库、Redis、三个服务和后台进程；Ctrl-C 停止全部。")
def up(
    data_dir: Path = typer.Option(DEFAULT, help="数据目录"),
    port_base: int = typer.Option(DEFAULT_PORT_BASE, help="端口起点：服务依次为 +1、+2、+3"),
    ready_file: Path | None = typer.Option(None, help="全部就绪后写出地址和密钥的文件"),
    sandbox: bool = typer.Option(False, "--sandbox", help="沙箱：使用虚拟时钟"),
) -> None:
    folder = open_folder(data_dir)
    with running_stack(Wish(folder, port_base, sandbox)) as (supervisor, ready):
        if ready_file is not None:
            write_private(ready_file.resolve(), json.dumps(ready, ensure_ascii=False))
        try:
            announce(ready, folder.path, sandbox=sandbox)
            supervisor.wait()
        finally:
            if ready_file is not None:
                ready_file.resolve().unlink(missing_ok=True)


def announce(ready: dict[str, str], data_dir: Path, *, sandbox: bool) -> None:
    typer.echo("民呼已就绪" + ("（沙箱，虚拟时钟）" if sandbox else ""))
    for name, label in (("intake", "受理"), ("dispatch", "派单"), ("scoring", "考核")):
        typer.echo(f"  {label}  {ready[name]}")
    if ready["keys"]:
        typer.echo(f"  样例机构的密钥在 {data_dir / FILE}（仅本人可读）")
    typer.echo("  按 Ctrl-C 停止全部")
