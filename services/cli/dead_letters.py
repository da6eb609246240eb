"""`minhu dead-letters`: deliveries that were given up, listed and driven again."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from services.cli.folder import DEFAULT
from services.cli.installation import enter_bureau, run_on
from services.cli.table import print_rows
from shared.domain.actor import Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import Role
from shared.errors import Invalid
from shared.tickets import Hotline
from shared.tickets.dead_letters import (
    BEGINNING,
    LetterId,
    id_of,
    list_dead_letters,
    reason_of,
    redrive_all,
    redrive_letter,
)

app = typer.Typer(help="搁置的投递：列出、重投。", rich_markup_mode=None, no_args_is_help=True)


@app.command("list", help="列出搁置的投递：原因、次数、首次与最近的错误。没有消息的内容。")
def list_all(
    subscriber: str | None = typer.Option(None, help="只看这个接收者，例如 scoring"),
    limit: int = typer.Option(200, help="最多列出几件", min=1, max=10_000),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> Sequence[Any]:
        async with hotline.ledger(await find_bureau(hotline, bureau), writing=False) as ledger:
            return await list_dead_letters(
                ledger.tx, subscriber=subscriber, after=BEGINNING, limit=limit
            )

    print_rows(
        ("编号", "工单", "事由", "原因", "次数", "首次错误", "最近错误", "搁置时间", "重投过"),
        [
            (
                id_of(row),
                row.no or "-",
                row.event_type,
                reason_of(row.subscriber, row.last_error),
                str(row.attempts),
                show_error(row.first_error, row.first_failed_at),
                show_error(row.last_error, row.last_failed_at),
                show_second(row.parked_at),
                str(row.times or "-"),
            )
            for row in run_on(data_dir, work)
        ],
    )


@app.command(help="重投：给出编号，或用 --subscriber 指明一个接收者的全部。")
def redrive(
    letters: list[str] | None = typer.Argument(None, help="list 所列的编号，可给几个"),
    subscriber: str | None = typer.Option(None, help="重投这个接收者的全部"),
    actor: str = typer.Option("命令行", help="重投人姓名，留有记录"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    if bool(letters) == (subscriber is not None):
        raise Invalid("请给出编号，或用 --subscriber 指明接收者，二者取一")
    who = Actor(role=Role.ADMIN, name=actor)

    async def work(hotline: Hotline) -> int:
        number = await find_bureau(hotline, bureau)
        driven = 0
        for letter in [LetterId.parse(one) for one in letters or ()]:
            async with hotline.ledger(number) as ledger:
                driven += len(await redrive_letter(ledger.tx, letter, actor=who))
        left = subscriber is not None
        while left:
            async with hotline.ledger(number) as ledger:
                ids, more = await redrive_all(ledger.tx, subscriber or "", actor=who)
            driven += len(ids)
            left = bool(ids) and more > 0
        return driven

    driven = run_on(data_dir, work)
    typer.echo(f"已重投 {driven} 件，后台随即再试" if driven else "没有需要重投的")


async def find_bureau(hotline: Hotline, slug: str | None) -> int:
    async with hotline.database.unscoped() as connection:
        return await enter_bureau(connection, slug)


def show_error(kind: str | None, at: datetime | None) -> str:
    if kind is None:
        return "-"
    return f"{kind} {show_second(at)}" if at is not None else kind


def show_second(at: datetime) -> str:
    return f"{at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}"
