"""`minhu up`: everything on one machine, until Ctrl-C."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import typer

from services.cli.folder import DEFAULT, DataFolder, open_folder, write_private
from services.cli.serve import DEFAULT_PORT_BASE
from services.cli.stack import Plan, Ready, start_stack
from services.cli.supervisor import Supervisor
from shared.logging import set_up_logging

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(help="在本机启动数据库、Redis、三个服务和后台进程，Ctrl-C 全部停止。")
def up(
    data_dir: Path = typer.Option(DEFAULT, help="数据目录，没有则新建"),
    port_base: int = typer.Option(DEFAULT_PORT_BASE, min=1, max=65000, help="端口基数"),
    ready_file: Path | None = typer.Option(None, help="就绪后写出地址和密钥的文件"),
    sandbox: bool = typer.Option(False, "--sandbox", help="用虚拟时钟（生产环境不可用）"),
) -> None:
    set_up_logging()
    folder = open_folder(data_dir)
    plan = Plan(port_base, sandbox=sandbox)
    with folder.hold(), Supervisor(folder.logs) as supervisor:
        ready = start_stack(supervisor, folder, plan)
        with announce_ready(ready, ready_file, folder):
            typer.echo(summarise(ready, folder, plan))
            supervisor.wait()


@contextlib.contextmanager
def announce_ready(ready: Ready, ready_file: Path | None, folder: DataFolder) -> Iterator[None]:
    """The ready file stands as long as what it names."""
    place = ready_file and ready_file.expanduser().resolve()
    try:
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_private(place, json.dumps(ready, ensure_ascii=False, indent=1) + "\n")
        yield
    finally:
        if place is not None:
            place.unlink(missing_ok=True)
        folder.running.unlink(missing_ok=True)


def summarise(ready: Ready, folder: DataFolder, plan: Plan) -> str:
    lines = [
        "已就绪" + ("（沙箱，虚拟时钟）" if plan.sandbox else ""),
        f"  受理 {ready['intake']}",
        f"  派单 {ready['dispatch']}",
        f"  考核 {ready['scoring']}",
        f"  数据目录 {folder.path}",
    ]
    if ready["keys"]:
        lines.append("  已载入样例机构，密钥见就绪文件（--ready-file）或数据目录")
    return "\n".join([*lines, "按 Ctrl-C 停止"])
