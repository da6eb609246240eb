"""`minhu hold`: what must not be erased, for as long as somebody says so."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from services.cli.dead_letters import find_bureau, show_second
from services.cli.folder import DEFAULT
from services.cli.installation import run_on
from services.cli.table import print_rows
from shared.domain.actor import Actor
from shared.domain.words import Role
from shared.erasure.holds import find_nos_of, lift_hold, list_holds, set_hold
from shared.errors import Invalid
from shared.tickets import Hotline

REASON = typer.Option(help="理由，留有记录（其中来电人的姓名、号码会遮去）")
ACTOR = typer.Option("命令行", help="经办人姓名，留有记录")
BUREAU = typer.Option(None, help="局的代号；只有一个局时可省")
DATA = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录")

app = typer.Typer(help="证据保全：设立、解除、列出。", rich_markup_mode=None, no_args_is_help=True)


@app.command("set", help="设立保全：其间既不按申请、也不到期清除，相关查阅记录也留着。")
def set_on(  # noqa: PLR0917
    nos: list[str] | None = typer.Argument(None, help="工单号，可给几个"),
    reason: str = REASON,
    matter: str | None = typer.Option(None, help="这一事项现有的全部工单"),
    actor: str = ACTOR,
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    if bool(nos) == (matter is not None):
        raise Invalid("请给出工单号，或用 --matter 指明事项，二者取一")
    if not reason.strip():
        raise Invalid("请写明理由")

    async def work(hotline: Hotline) -> tuple[int, int]:
        async with hotline.ledger(await find_bureau(hotline, bureau)) as ledger:
            on = nos or await find_nos_of(ledger.tx, str(matter))
            who = Actor(role=Role.ADMIN, name=actor)
            return await set_hold(ledger, on, actor=who, reason=reason), len(set(on))

    hold, count = run_on(data_dir, work)
    typer.echo(f"已设立保全 {hold}，共 {count} 件工单")


@app.command(help="解除一项保全；别的保全仍在的工单照旧保全。")
def lift(
    hold: int = typer.Argument(help="list 所列的编号"),
    reason: str = REASON,
    actor: str = ACTOR,
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    if not reason.strip():
        raise Invalid("请写明理由")

    async def work(hotline: Hotline) -> int:
        async with hotline.ledger(await find_bureau(hotline, bureau)) as ledger:
            who = Actor(role=Role.ADMIN, name=actor)
            return await lift_hold(ledger, hold, actor=who, reason=reason)

    typer.echo(f"已解除保全 {hold}，共 {run_on(data_dir, work)} 件工单")


@app.command("list", help="列出保全：谁在何时为何设立，哪些工单；--all 连同已解除的。")
def list_all(
    everything: bool = typer.Option(False, "--all", help="连同已解除的"),
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    async def work(hotline: Hotline) -> Sequence[Any]:
        async with hotline.ledger(await find_bureau(hotline, bureau), writing=False) as ledger:
            return await list_holds(ledger.tx, with_lifted=everything)

    print_rows(
        ("编号", "设立时间", "设立人", "理由", "工单", "解除时间", "解除人", "解除理由"),
        [
            (
                str(row.hold_id),
                show_second(row.set_at),
                row.set_by,
                row.reason,
                "、".join(row.nos),
                show_second(row.lifted_at) if row.lifted_at is not None else "-",
                row.lifted_by or "-",
                row.lift_reason or "-",
            )
            for row in run_on(data_dir, work)
        ],
    )
