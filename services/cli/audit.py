"""`minhu audit`: whether the record of who saw what is whole."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import typer
from sqlalchemy import text

from services.cli.folder import DEFAULT
from services.cli.installation import run_on
from shared.audit.anchors import read_anchors
from shared.audit.verifying import Fault, FaultKind, Verdict, verify_chain
from shared.domain.calendar import in_city
from shared.errors import NotFound
from shared.tickets import Hotline

SLUGS = text("SELECT bureau_id, slug FROM minhu_bureaus()")
MOST_TOLD = 200
FAULTS: Mapping[FaultKind, str] = MappingProxyType(
    {
        FaultKind.CHANGED: "内容或次序被改动，或其前的记录被删",
        FaultKind.REMOVED: "记录被删除",
        FaultKind.UNLINKED: "这一环被删除",
        FaultKind.INSERTED: "事后插入，不在链中",
        FaultKind.BACKDATED: "时间早于链上在它之前的记录，系事后插入",
        FaultKind.CUT: "自此以后的记录被截去",
        FaultKind.REWRITTEN: "与锚点不符，此前的链被整段改写",
        FaultKind.UNANCHORED: "此前的记录已截去，而这里没有锚点",
        FaultKind.EARLY: "此前的记录未满 183 日就被截去",
    }
)

app = typer.Typer(help="查阅记录：核验是否完整。", rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Makes `verify` a command of its own, the only one so far."""


@app.command(help="逐条核验查阅记录的链与库外的锚点；有改动、删除、插入或截断时列出，并以 1 退出。")
def verify(
    bureau: str | None = typer.Option(None, help="局的代号；不给则全部"),
    anchors: Path | None = typer.Option(
        None, help="锚点所在的目录；不给则用 MINHU_AUDIT_FOLDER 所指"
    ),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def work(hotline: Hotline) -> dict[str, Verdict]:
        folder = anchors or hotline.settings.audit_folder
        return {
            slug: await verify_bureau(hotline, number, folder)
            for number, slug in await find_bureaus(hotline, bureau)
        }

    verdicts = run_on(data_dir, work)
    for slug, verdict in verdicts.items():
        for line in told(slug, verdict):
            typer.echo(line)
    if any(verdict.faults for verdict in verdicts.values()):
        raise typer.Exit(1)


async def find_bureaus(hotline: Hotline, slug: str | None) -> Sequence[tuple[int, str]]:
    async with hotline.database.unscoped() as connection:
        found = [(row.bureau_id, row.slug) for row in await connection.execute(SLUGS)]
    wanted = [one for one in found if slug in (None, one[1])]
    if not wanted:
        raise NotFound(f"没有代号为 {slug} 的局" if slug else "还没有任何局")
    return wanted


async def verify_bureau(hotline: Hotline, bureau: int, folder: Path | None) -> Verdict:
    """The anchors are read first: what is linked afterwards is no fault."""
    anchors = read_anchors(folder, bureau) if folder is not None else []
    async with hotline.database.transaction(bureau, writing=False, snapshot=True) as tx:
        return await verify_chain(tx, anchors)


def told(slug: str, verdict: Verdict) -> Iterator[str]:
    fresh = f"，另有 {verdict.fresh} 条刚写入、待入链" if verdict.fresh else ""
    counted = f"{slug}：已核验 {verdict.rows} 条查阅记录、{verdict.anchors} 个锚点{fresh}"
    if verdict.cut.at is not None:
        day = f"{in_city(verdict.cut.at):%Y-%m-%d}"
        counted += f"；此前 {verdict.cut.seq} 环已于 {day} 按期截去，自下一环起核验"
    if not verdict.faults:
        yield f"{counted}，链完整"
        if not verdict.anchors:
            yield "没有库外的锚点：末尾被截或整段改写无从发现，请设置 MINHU_AUDIT_FOLDER"
        return
    yield f"{counted}，发现 {len(verdict.faults)} 处问题："
    for fault in verdict.faults[:MOST_TOLD]:
        yield f"  {place_of(fault)}：{FAULTS[fault.kind]}{anchored(fault)}"
    if len(verdict.faults) > MOST_TOLD:
        yield f"  ……其余 {len(verdict.faults) - MOST_TOLD} 处从略"


def place_of(fault: Fault) -> str:
    link = "" if fault.seq is None else f"第 {fault.seq} 环"
    entry = "" if fault.entry is None else f"编号 {fault.entry} 的记录"
    return "，".join(part for part in (link, entry) if part)


def anchored(fault: Fault) -> str:
    if fault.since is None:
        return ""
    return f"（锚点写于 {in_city(datetime.fromisoformat(fault.since)):%Y-%m-%d %H:%M}）"
