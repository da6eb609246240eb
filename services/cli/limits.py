"""`minhu limits`: a new version of the limits, from the day it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli import corrections
from services.cli.corrections import Plan
from services.cli.files import read_file
from services.cli.folder import DEFAULT
from services.cli.installation import enter_bureau, run_on
from shared.domain.erasure import AT, PREFIX, parse_period
from shared.domain.limits import BadLimit, Limits, parse_hour, parse_limit, parse_window
from shared.domain.official import load_default_limits
from shared.domain.rulebook import Rulebook, Valid
from shared.errors import Conflict, Invalid
from shared.identity.organisation import load_limits
from shared.tickets import Hotline
from shared.tickets.corrections import Corrected

NOW = text("SELECT minhu_now() AS now")
VERSIONS = text(
    "SELECT version, name, value, valid_from FROM limits WHERE bureau_id = :bureau"
    " ORDER BY valid_from, version"
)
TARGET = "target."

app = typer.Typer(help="时限：载入新的版本。", rich_markup_mode=None, no_args_is_help=True)


class ValueFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1)
    value: str = Field(min_length=1)
    remark: str = ""
    evidence: str = ""


class LimitsFile(BaseModel):
    """What `minhu limits load` reads. Keys it does not name go on as they are."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=1)
    valid_from: AwareDatetime | None = None
    values: list[ValueFile] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Planned:
    limits: Limits
    valid_from: datetime
    is_new: bool

    def into(self, rulebook: Rulebook) -> Rulebook:
        if not self.is_new:
            return rulebook
        return replace(rulebook, limits=(*rulebook.limits, Valid(self.limits, self.valid_from)))


@app.callback()
def limits() -> None:
    """Makes `load` a command of its own, the only one so far."""


@app.command(
    help="载入时限（JSON），自文件所写 valid_from 起算的用它；已定的随之更正，先试算再载入。"
)
def load(
    file: Path = typer.Argument(help="时限文件，格式见 shared/data/limits/default-1.json"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只列出会改变的时限和判定，不作改动"),
    bureau: str | None = typer.Option(None, help="局的代号；只有一个局时可省"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    given = read_limits(file)

    async def work(hotline: Hotline) -> tuple[Planned, list[Corrected]]:
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
            planned = await plan_limits(connection, bureau_id, given)
            if planned.is_new and not dry_run:
                await load_limits(
                    connection, bureau_id, planned.limits, valid_from=planned.valid_from
                )
        plan = Plan(planned.into, planned.valid_from)
        return planned, await corrections.correct(hotline, bureau_id, plan, dry=dry_run)

    planned, found = run_on(data_dir, work)
    told = "没有改动" if not planned.is_new else "将载入" if dry_run else "已载入"
    typer.echo(f"时限版本 {planned.limits.version}：{told}，自 {planned.valid_from:%Y-%m-%d} 起")
    corrections.report(found, dry=dry_run)


def read_limits(path: Path) -> LimitsFile:
    """Raises Invalid, naming the key at fault."""
    file = read_file(path, LimitsFile)
    known = load_default_limits().values
    seen: set[str] = set()
    for place, entry in enumerate(file.values):
        fault = find_fault(entry, known)
        if entry.key in seen:
            fault = f"“{entry.key}”出现了两次"
        if fault is not None:
            raise Invalid(f"{path} 内容有误：/values/{place} {fault}")
        seen.add(entry.key)
    return file


def find_fault(entry: ValueFile, known: Mapping[str, str]) -> str | None:
    """A value is of the kind that the key has in the register that ships."""
    pattern = "1h" if entry.key.startswith(TARGET) else known.get(entry.key)
    if pattern is None:
        return f"没有“{entry.key}”这一项"
    if entry.key.startswith(PREFIX) and entry.key != AT:
        try:
            parse_period(entry.key, entry.value)
        except BadLimit as error:
            return f"“{entry.key}”：{error.detail}"
        return None
    for read in (parse_limit, parse_window, parse_hour):
        try:
            read(pattern)
        except BadLimit:
            continue
        try:
            read(entry.value)
        except BadLimit as error:
            return f"“{entry.key}”：{error.detail}"
    if pattern.isdecimal() and not entry.value.isdecimal():
        return f"“{entry.key}”应为整数：{entry.value}"
    return None


async def plan_limits(connection: AsyncConnection, bureau: int, file: LimitsFile) -> Planned:
    """The bureau's limits of that day with the file's values put in."""
    rows = (await connection.execute(VERSIONS, {"bureau": bureau})).all()
    now = (await connection.execute(NOW)).scalar_one()
    since = file.valid_from or now
    named = {entry.key: entry.value for entry in file.values}
    same = [row for row in rows if row.version == file.version]
    if same:
        kept = {row.name: row.value for row in same}
        if named.items() <= kept.items() and file.valid_from in (None, same[0].valid_from):
            return Planned(Limits(file.version, kept), same[0].valid_from, is_new=False)
        raise Conflict(f"时限版本 {file.version} 已存在，版本载入后不再改动，请另取名")
    if any(row.valid_from == since for row in rows):
        raise Conflict(f"已有一个版本自 {since} 起生效，请另定 valid_from")
    return Planned(Limits(file.version, {**values_at(rows, since), **named}), since, is_new=True)


def values_at(rows: Sequence[Any], since: datetime) -> dict[str, str]:
    """The values of the version in force then; before the first, the first's."""
    if not rows:
        return {}
    before = [row for row in rows if row.valid_from <= since] or rows[:1]
    latest = max(before, key=lambda row: row.valid_from).version
    return {row.name: row.value for row in rows if row.version == latest}
