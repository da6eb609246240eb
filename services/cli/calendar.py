"""`minhu calendar`: one year's notice of holidays and make-up days, as a new calendar version."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli import corrections
from services.cli.corrections import Plan
from services.cli.files import read_file
from services.cli.folder import DEFAULT
from services.cli.installation import enter_bureau, run_on
from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.domain.official import CalendarDay, CalendarYear, calendar_of
from shared.domain.rulebook import Rulebook, Valid
from shared.errors import Conflict, Invalid
from shared.identity.organisation import load_calendar
from shared.tickets import Hotline
from shared.tickets.corrections import Corrected

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
    years: tuple[CalendarYear, ...]
    now: datetime
    is_new: bool

    @property
    def calendar(self) -> WorkCalendar:
        return calendar_of(self.version, self.years)

    def into(self, rulebook: Rulebook) -> Rulebook:
        if not self.is_new:
            return rulebook
        return replace(rulebook, calendars=(*rulebook.calendars, Valid(self.calendar, self.now)))


@app.callback()
def calendar() -> None:
    """Makes `load` a command of its own, the only one so far."""


@app.command(
    help="载入一年的放假安排（JSON），其余年份照旧，成为新版本；已定的时限随之更正，先试算再载入。"
)
def load(
    file: Path = typer.Argument(help="一年的日历，格式见 shared/data/calendar/2026.json"),
    version: str | None = typer.Option(None, help="版本名，缺省为 年份.序号"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只列出会改变的时限和判定，不作改动"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    year = read_year(file)

    async def work(hotline: Hotline) -> tuple[LoadedCalendar, list[Corrected]]:
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
            loaded = await plan_year(connection, bureau_id, year, version=version)
            if loaded.is_new and not dry_run:
                await load_calendar(
                    connection, bureau_id, loaded.version, loaded.years, valid_from=loaded.now
                )
            plan = await plan_corrections(connection, bureau_id, loaded)
        return loaded, await corrections.correct(hotline, bureau_id, plan, dry=dry_run)

    loaded, found = run_on(data_dir, work)
    state = "暂定" if year.provisional else "正式"
    if loaded.is_new:
        done = "将载入" if dry_run else "已载入"
        told = f"{done} {year.year} 年（{state}，{len(year.days)} 天），日历版本 {loaded.version}"
    else:
        told = f"日历版本 {loaded.version} 中的 {year.year} 年与文件相同，没有改动"
    typer.echo(told)
    typer.echo(f"日历现含：{'、'.join(str(one.year) for one in loaded.years)}")
    corrections.report(found, dry=dry_run)


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


async def plan_year(
    connection: AsyncConnection, bureau: int, year: CalendarYear, *, version: str | None
) -> LoadedCalendar:
    """The bureau's latest calendar with this year put in, to hold from now on."""
    versions = (await connection.execute(VERSIONS, {"bureau": bureau})).all()
    latest = versions[-1].version if versions else None
    known = await list_years(connection, bureau, versions[-1]) if versions else []
    now = (await connection.execute(NOW)).scalar_one()
    others = [one for one in known if one.year != year.year]
    years = tuple(sorted([*others, year], key=lambda one: one.year))
    if version in (None, latest) and any(says_the_same(one, year) for one in known):
        return LoadedCalendar(str(latest), years, now, is_new=False)
    taken = {row.version for row in versions}
    if version in taken:
        raise Conflict(f"日历版本 {version} 已存在，版本载入后不再改动，请另取名")
    name = version or next_version(year.year, taken)
    return LoadedCalendar(name, years, now, is_new=True)


async def plan_corrections(
    connection: AsyncConnection, bureau: int, loaded: LoadedCalendar
) -> Plan:
    """Clocks were set by any of the versions: from the first day on which one says otherwise."""
    days: list[date] = []
    for row in (await connection.execute(VERSIONS, {"bureau": bureau})).all():
        known = await list_years(connection, bureau, row)
        days += differing_days(calendar_of(row.version, known), loaded.calendar)
    since = datetime.combine(min(days), time(0), CITY_ZONE) if days else None
    return Plan(loaded.into, since)


def differing_days(one: WorkCalendar, other: WorkCalendar) -> list[date]:
    named = {*one.exceptions, *other.exceptions}
    return [day for day in named if one.is_workday(day) != other.is_workday(day)]


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
