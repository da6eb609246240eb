"""`minhu demo`: a fresh sandbox, the simulated year replayed, the scoreboard."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console

from services.cli.folder import open_folder, write_private
from services.cli.serve import DEFAULT_PORT_BASE, PORT_OFFSETS
from services.cli.stack import Wish, running_stack
from shared.domain.official import load_official_calendar
from shared.embedded.folder import is_free
from shared.errors import Conflict, Unavailable
from shared.sandbox.year.driver import drive_year
from shared.sandbox.year.plan import plan_year
from shared.sandbox.year.scoreboard import show_scoreboard

MARK = ".minhu-demo"
WIDTH = 100

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(help="在全新的沙箱里重放模拟的 2022 年（经由公开接口），最后打印考核榜。")
def demo(
    data_dir: Path | None = typer.Option(None, help="数据目录；不给则用临时目录，结束后删除"),
    port_base: int = typer.Option(0, help=f"端口起点，缺省 {DEFAULT_PORT_BASE}，被占用时另找"),
    ready_file: Path | None = typer.Option(None, help="写出地址和密钥，并在演示后继续运行"),
) -> None:
    console = Console(width=WIDTH)
    with demo_folder(data_dir) as path:
        wish = Wish(
            open_folder(path),
            port_base or free_base(),
            sandbox=True,
            ready_file=ready_file and ready_file.resolve(),
            fresh=True,
        )
        with running_stack(wish) as (supervisor, ready):
            plan = plan_year(load_official_calendar())
            drive = drive_year(plan, ready, console=console)
            show_scoreboard(ready, console=console)
            console.print(f"共调用接口 {drive.calls:,} 次，用时 {drive.seconds:.0f} 秒。")
            if wish.ready_file is not None:
                write_private(wish.ready_file, json.dumps(ready, ensure_ascii=False))
                console.print("沙箱继续运行，按 Ctrl-C 停止。")
                supervisor.wait()


@contextlib.contextmanager
def demo_folder(data_dir: Path | None) -> Iterator[Path]:
    """A temporary folder, or one that is empty or an earlier demo's own, to be cleared."""
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="minhu-demo-") as name:
            yield Path(name)
        return
    if data_dir.exists() and any(data_dir.iterdir()) and not (data_dir / MARK).exists():
        raise Conflict(f"{data_dir} 不是空目录，也不是演示用过的目录，请另选")
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / MARK).touch()
    yield data_dir


def free_base() -> int:
    for base in range(DEFAULT_PORT_BASE, DEFAULT_PORT_BASE + 2000, 10):
        if all(is_free(base + offset) for offset in PORT_OFFSETS.values()):
            return base
    raise Unavailable("找不到空闲的端口，请用 --port-base 指定")
