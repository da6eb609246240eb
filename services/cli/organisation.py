"""`minhu org`: a bureau and its units, loaded from a file."""

import re
from pathlib import Path

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.files import read_file
from services.cli.folder import DEFAULT
from services.cli.installation import run_on
from shared.domain.official import OFFICIAL_VERSION, load_calendar_years, load_default_limits
from shared.errors import Invalid
from shared.identity.organisation import (
    OrganisationFile,
    load_calendar,
    load_limits,
    load_organisation,
)
from shared.tickets import Hotline

CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
RULES = text(
    "SELECT EXISTS (SELECT FROM calendars WHERE bureau_id = :bureau) AS has_calendar,"
    " EXISTS (SELECT FROM limits WHERE bureau_id = :bureau) AS has_limits"
)

app = typer.Typer(help="机构：载入局和承办单位。", rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def org() -> None:
    """Makes `load` a command of its own, the only one so far."""


@app.command(help="载入机构文件（JSON）；再次载入即更新。新的局同时载入自带的日历和时限。")
def load(
    file: Path = typer.Argument(help="机构文件，格式见 shared/data/sample-organisation.json"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    organisation = read_organisation(file)

    async def work(hotline: Hotline) -> list[str]:
        async with hotline.database.unscoped() as connection:
            bureau = await load_organisation(connection, organisation)
            return await load_missing_rules(connection, bureau)

    added = run_on(data_dir, work)
    typer.echo(
        f"已载入 {organisation.name}（{organisation.slug}）：{len(organisation.units)} 个单位"
    )
    for line in added:
        typer.echo(line)


def read_organisation(path: Path) -> OrganisationFile:
    """Raises Invalid, naming the place at fault."""
    found = read_file(path, OrganisationFile)
    check_words(path, "", code=("slug", found.slug), name=found.name)
    known = {found.slug}
    for place, unit in enumerate(found.units):
        check_words(path, f"/units/{place}", code=("id", unit.id), name=unit.name)
        if unit.id in known:
            raise Invalid(f"{path} 中单位 {unit.id} 出现了两次")
        if unit.parent is not None and unit.parent not in known:
            raise Invalid(f"{path} 中单位 {unit.id} 的上级 {unit.parent} 须写在它之前")
        known.add(unit.id)
    return found


def check_words(path: Path, place: str, *, code: tuple[str, str], name: str) -> None:
    """`code`: the field and what stands in it."""
    field, value = code
    if not CODE.fullmatch(value):
        raise Invalid(
            f"{path} 内容有误：{place}/{field} 只能用小写字母、数字和短横，1 至 64 个字符"
        )
    if not name.strip() or not name.isprintable():
        raise Invalid(f"{path} 内容有误：{place}/name 不能为空，也不能有控制字符")


async def load_missing_rules(connection: AsyncConnection, bureau: int) -> list[str]:
    """What a new bureau cannot work without; says what was added."""
    has = (await connection.execute(RULES, {"bureau": bureau})).one()
    added = []
    if not has.has_calendar:
        await load_calendar(connection, bureau, OFFICIAL_VERSION, load_calendar_years())
        added.append(f"已载入自带的工作日历 {OFFICIAL_VERSION}")
    if not has.has_limits:
        limits = load_default_limits()
        await load_limits(connection, bureau, limits)
        added.append(f"已载入自带的时限 {limits.version}")
    return added
