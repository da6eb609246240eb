"""`minhu calendar`: one year's notice of holidays and make-up days, as a new calendar version."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.files import read_file
from services.cli.folder import DEFAULT
from services.cli.installation import enter_bureau, run_on
from shared.domain.official import CalendarDay, CalendarYear
from shared.errors import Conflict, Invalid
from shared.identity.organisation import load_calendar
from shared.tickets import Hotline

NOW = text("SELECT minhu_now() AS now")
VERSIONS = text(
    "SELECT version, provisional_years FROM calendars WHERE bureau_id = :bureau"
    " ORDER BY valid_from, loaded_at"
)
DAYS = text(
    "SELECT day, is_workday, name FROM calendar_days"
    " WHERE bureau_id = :bureau AND version = :version ORDER BY day"
)

app = typer.Typer(help="工作日历：载入放假安排。", rich_markup_mode=None, no_args_is_help=True)


class DayFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: date
    is_workday: bool
    name: str = Field(min_length=1)


class YearFile(BaseModel):
    """What `minhu calendar load` reads: one year's notice."""

    model_config = ConfigDict(extra="forbid")

    year: int = Field(ge=2000, le=2100)
    provisional: bool
    source: str = Field(min_length=1)
    days: list[DayFile] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class LoadedCalendar:
    """`is_new`: false where the calendar said the same before."""

    version: str
    years: tuple[int, ...]
    is_new: bool


@app.callback()
def calendar() -> None:
    """Makes `load` a command of its own, the only one so far."""


@app.command(help="载入一年的放假安排（JSON），其余年份照旧，成为新版本，自此刻起算的时限用它。")
def load(
    file: Path = typer.Argument(help="一年的日历，格式见 shared/data/calendar/2026.json"),
    version: str | None = typer.Option(None, help="版本名，缺省为 年份.序号"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    year = read_year(file)

    async def work(hotline: Hotline) -> LoadedCalendar:
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
            return await load_year(connection, bureau_id, year, version=version)

    loaded = run_on(data_dir, work)
    state = "暂定" if year.provisional else "正式"
    if loaded.is_new:
        told = f"已载入 {year.year} 年（{state}，{len(year.days)} 天），日历版本 {loaded.version}"
    else:
        told = f"日历版本 {loaded.version} 中的 {year.year} 年与文件相同，没有改动"
    typer.echo(told)
    typer.echo(f"日历现含：{'、'.join(str(one) for one in loaded.years)}")


def read_year(path: Path) -> CalendarYear:
    """Raises Invalid where the file is not a year's calendar."""
    file = read_file(path, YearFile)
    seen: set[date] = set()
    for place, entry in enumerate(file.days):
        if entry.day.year != file.year:
            raise Invalid(f"{path} 内容有误：/days/{place}/day {entry.day} 不在 {file.year} 年")
        if entry.day in seen:
            raise Invalid(f"{path} 内容有误：/days/{place}/day {entry.day} 出现了两次")
        seen.add(entry.day)
    days = tuple(CalendarDay(one.day, one.is_workday, one.name) for one in file.days)
    return CalendarYear(file.year, file.provisional, file.source, days)


async def load_year(
    connection: AsyncConnection, bureau: int, year: CalendarYear, *, version: str | None
) -> LoadedCalendar:
    """The bureau's latest calendar with this year put in, holding from now on."""
    versions = (await connection.execute(VERSIONS, {"bureau": bureau})).all()
    latest = versions[-1].version if versions else None
    known = await list_years(connection, bureau, versions[-1]) if versions else []
    years = sorted(
        [*(one for one in known if one.year != year.year), year], key=lambda one: one.year
    )
    numbers = tuple(one.year for one in years)
    if version in (None, latest) and any(says_the_same(one, year) for one in known):
        return LoadedCalendar(str(latest), numbers, is_new=False)
    taken = {row.version for row in versions}
    if version in taken:
        raise Conflict(f"日历版本 {version} 已存在，版本载入后不再改动，请另取名")
    name = version or next_version(year.year, taken)
    now = (await connection.execute(NOW)).scalar_one()
    await load_calendar(connection, bureau, name, years, valid_from=now)
    return LoadedCalendar(name, numbers, is_new=True)


def says_the_same(one: CalendarYear, other: CalendarYear) -> bool:
    return (one.year, one.provisional, set(one.days)) == (
        other.year,
        other.provisional,
        set(other.days),
    )


async def list_years(connection: AsyncConnection, bureau: int, row: Any) -> list[CalendarYear]:
    values = {"bureau": bureau, "version": row.version}
    days = [CalendarDay(*found) for found in await connection.execute(DAYS, values)]
    provisional = set(row.provisional_years)
    return [
        CalendarYear(
            year=year,
            provisional=year in provisional,
            source=row.version,
            days=tuple(entry for entry in days if entry.day.year == year),
        )
        for year in sorted(provisional | {entry.day.year for entry in days})
    ]


def next_version(year: int, taken: Iterable[str]) -> str:
    numbers = [
        int(number)
        for head, _, number in (name.partition(".") for name in taken)
        if head == str(year) and number.isdecimal()
    ]
    return f"{year}.{max(numbers, default=0) + 1}"
