"""`minhu erase`: personal data taken out on request, and what stands in its place."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import typer

from services.cli.dead_letters import find_bureau, show_second
from services.cli.erasing import Asked, Told, carry_out_all, find_callers_own, write_down
from services.cli.folder import DEFAULT
from services.cli.installation import run_on
from services.cli.table import print_rows
from shared.domain.actor import Actor
from shared.domain.calendar import in_city
from shared.domain.erasure import retention_of
from shared.domain.words import ErasureCause, ErasurePart, Role
from shared.erasure.finding import Due, list_due
from shared.erasure.journal import file_of, read_journal
from shared.erasure.requests import (
    ALL_PARTS,
    Outcome,
    find_ids,
    find_known,
    list_stones,
)
from shared.errors import Invalid
from shared.labels import ERASED_FIELDS, ERASURE_CAUSES, ERASURE_PARTS, OBSTACLES
from shared.tickets import Hotline

MOST = 10_000
REASON = typer.Option(help="理由，留有记录（其中来电人的姓名、号码会遮去）")
ACTOR = typer.Option("命令行", help="经办人姓名，留有记录")
DRY = typer.Option(False, "--dry-run", help="只列出会清除什么，不作改动")
BUREAU = typer.Option(None, help="局的代号；只有一个局时可省")
DATA = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录")

app = typer.Typer(
    help="个人信息：按申请或到期清除，列出清除的标记。", rich_markup_mode=None, no_args_is_help=True
)


@app.command(help="清除几件工单里的个人信息。尚未终结或保全中的，记下申请，届时由后台清除。")
def tickets(  # noqa: PLR0917
    nos: list[str] = typer.Argument(help="工单号，可给几个"),
    reason: str = REASON,
    actor: str = ACTOR,
    dry_run: bool = DRY,
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    async def find(hotline: Hotline, number: int) -> Asked:
        async with hotline.ledger(number, writing=False) as ledger:
            ids = await find_ids(ledger.tx, nos)
        return Asked(dict.fromkeys(ids.values(), ALL_PARTS))

    told = _run(find, reason=reason, actor=actor, dry=dry_run, bureau=bureau, data_dir=data_dir)
    show(told, dry=dry_run)


@app.command(
    help="清除一位来电人的全部工单，以及未入工单的消息。号码从标准输入读，不写在命令行上。"
)
def caller(  # noqa: PLR0917
    reason: str = REASON,
    ticket: str | None = typer.Option(None, help="这件工单的来电人"),
    actor: str = ACTOR,
    dry_run: bool = DRY,
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    phone = None if ticket is not None else read_phone()

    async def find(hotline: Hotline, number: int) -> Asked:
        async with hotline.ledger(number, writing=False) as ledger:
            return await find_callers_own(ledger, ticket=ticket, phone=phone)

    told = _run(find, reason=reason, actor=actor, dry=dry_run, bureau=bureau, data_dir=data_dir)
    show(told, dry=dry_run)


@app.command(help="恢复备份之后，照库外的清单把清除过的再清除一遍。")
def replay(
    file: Path | None = typer.Option(
        None, help="清单文件；不给则用 MINHU_AUDIT_FOLDER 里的 erasures-局编号.jsonl"
    ),
    actor: str = ACTOR,
    dry_run: bool = DRY,
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    lost: list[str] = []

    async def find(hotline: Hotline, number: int) -> Asked:
        folder = hotline.settings.audit_folder
        path = file or (file_of(folder, number) if folder is not None else None)
        if path is None or not path.exists():
            raise Invalid("没有清单：请用 --file 指明，或设置 MINHU_AUDIT_FOLDER")
        lines = read_journal(path)
        async with hotline.ledger(number, writing=False) as ledger:
            known = await find_known(ledger.tx, {line.no for line in lines})
        lost.extend(sorted({line.no for line in lines} - known.keys()))
        wanted: dict[int, tuple[ErasurePart, ...]] = {}
        for line in lines:
            if line.no in known:
                one = known[line.no]
                wanted[one] = tuple(dict.fromkeys((*wanted.get(one, ()), line.part)))
        return Asked(wanted, cause=ErasureCause.RESTORED)

    reason = ERASURE_CAUSES[ErasureCause.RESTORED]
    told = _run(find, reason=reason, actor=actor, dry=dry_run, bureau=bureau, data_dir=data_dir)
    show(told, dry=dry_run)
    if lost:
        typer.echo(f"清单里有 {len(lost)} 件工单不在库中（备份之后才来的）")


@app.command(help="列出今日到期、将由后台清除的工单。不作改动。")
def due(
    limit: int = typer.Option(200, help="最多列出几件", min=1, max=MOST),
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    async def work(hotline: Hotline) -> tuple[Sequence[Due], str]:
        async with hotline.ledger(await find_bureau(hotline, bureau), writing=False) as ledger:
            retention = retention_of(ledger.rulebook.limits_at(ledger.now))
            bounds = retention.bounds(ledger.now)
            found = await list_due(ledger.tx, bounds, after=0, limit=limit)
        periods = "，".join(f"{ERASURE_PARTS[part]} {retention.periods[part]}" for part in bounds)
        return (
            found,
            f"留存期限：{periods}；查阅记录 {retention.log}；每日 {retention.at:%H:%M} 清除",
        )

    found, periods = run_on(data_dir, work)
    typer.echo(periods)
    print_rows(("工单", "将清除"), [(one.no, parts_of(one.parts)) for one in found])


@app.command("list", help="列出清除的标记：哪件工单、哪一部分、何时、谁、为何、清除了什么。")
def list_all(
    nos: list[str] | None = typer.Argument(None, help="工单号；不给则最近的"),
    limit: int = typer.Option(200, help="最多列出几条", min=1, max=MOST),
    bureau: str | None = BUREAU,
    data_dir: Path = DATA,
) -> None:
    async def work(hotline: Hotline) -> Sequence[Any]:
        async with hotline.ledger(await find_bureau(hotline, bureau), writing=False) as ledger:
            return await list_stones(ledger.tx, nos or None, limit=limit)

    print_rows(
        ("工单", "部分", "清除时间", "缘由", "经办人", "理由", "清除了", "最近一次"),
        [
            (
                row.no,
                ERASURE_PARTS[ErasurePart(row.part)],
                show_second(row.erased_at),
                ERASURE_CAUSES[ErasureCause(row.cause)],
                row.actor_name,
                row.reason,
                fields_of(row.fields) or "-",
                f"{in_city(row.latest_at):%Y-%m-%d}",
            )
            for row in run_on(data_dir, work)
        ],
    )


def _run(
    find: Any, *, reason: str, actor: str, dry: bool, bureau: str | None, data_dir: Path
) -> Told:
    if not reason.strip():
        raise Invalid("请写明理由")
    who = Actor(role=Role.ADMIN, name=actor)

    async def work(hotline: Hotline) -> Told:
        number = await find_bureau(hotline, bureau)
        asked: Asked = await find(hotline, number)
        told = await carry_out_all(hotline, number, asked, actor=who, reason=reason, dry=dry)
        if not dry:
            await write_down(hotline, number)
        return told

    return run_on(data_dir, work)


def read_phone() -> str:
    """Typed without an echo, or piped in: on a command line others could read it."""
    if sys.stdin.isatty():
        return str(typer.prompt("来电号码", hide_input=True)).strip()
    phone = sys.stdin.readline().strip()
    if not phone:
        raise Invalid("请从标准输入给出号码，或用 --ticket 指明这位来电人的一件工单")
    return phone


def show(told: Told, *, dry: bool) -> None:
    rows = [(one.no, verdict_of(one, dry=dry)) for one in told.outcomes]
    if rows:
        print_rows(("工单", "将清除" if dry else "结果"), rows)
    done = sum(1 for one in told.outcomes if not one.obstacles and not one.is_covered)
    waiting = sum(1 for one in told.outcomes if one.obstacles)
    words = "将清除" if dry else "已清除"
    more = f"，{waiting} 件须待障碍消除" if waiting else ""
    stray = f"，另 {told.messages} 条未入工单的消息" if told.messages else ""
    typer.echo(f"{words} {done} 件{stray}{more}" + ("；试算，未作任何改动" if dry else ""))


def verdict_of(one: Outcome, *, dry: bool) -> str:
    if one.is_covered:
        return "此前已清除"
    if one.obstacles:
        return f"暂不能清除：{'、'.join(OBSTACLES[each] for each in one.obstacles)}"
    return fields_of(one.fields) or "没有可清除的"


def fields_of(fields: Any) -> str:
    return "，".join(
        f"{words} {fields[name]}" for name, words in ERASED_FIELDS.items() if fields.get(name)
    )


def parts_of(parts: Collection[ErasurePart]) -> str:
    return "、".join(ERASURE_PARTS[part] for part in parts)
