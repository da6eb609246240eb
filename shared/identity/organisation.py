"""A bureau's units, calendars and limits, loaded from data. Loading again updates in place."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.domain.limits import Limits
from shared.domain.official import CalendarYear
from shared.domain.words import Trade, UnitKind

# Rules hold from here on where their file names no date.
FROM_THE_START = datetime(2000, 1, 1, tzinfo=UTC)

# The next number is asked for before the bureau has one: two at once, and one of them fails.
FIND_BUREAU = text(
    "SELECT coalesce((SELECT bureau_id FROM minhu_bureaus() WHERE slug = :slug),"
    " (SELECT coalesce(max(bureau_id), 0) + 1 FROM minhu_bureaus())) AS bureau_id"
)
UPSERT_BUREAU = text(
    "INSERT INTO bureaus (bureau_id, slug, name) VALUES (:bureau, :slug, :name)"
    " ON CONFLICT (bureau_id) DO UPDATE SET name = EXCLUDED.name"
)
SET_BUREAU = text("SELECT set_config('minhu.bureau_id', :bureau, true)")
UPSERT_UNIT = text(
    "INSERT INTO units (bureau_id, unit_id, parent_id, kind, name, trades, depth, is_sample)"
    " VALUES (:bureau, :id, :parent, :kind, :name, CAST(:trades AS text[]), :depth, :is_sample)"
    " ON CONFLICT (bureau_id, unit_id) DO UPDATE SET parent_id = EXCLUDED.parent_id,"
    " kind = EXCLUDED.kind, name = EXCLUDED.name, trades = EXCLUDED.trades,"
    " depth = EXCLUDED.depth, valid_to = NULL"
)
INSERT_CALENDAR = text(
    "INSERT INTO calendars (bureau_id, version, provisional_years, valid_from)"
    " VALUES (:bureau, :version, CAST(:provisional AS integer[]), :valid_from)"
)
INSERT_DAY = text(
    "INSERT INTO calendar_days (bureau_id, version, day, is_workday, name)"
    " VALUES (:bureau, :version, :day, :is_workday, :name)"
)
INSERT_LIMIT = text(
    "INSERT INTO limits (bureau_id, version, name, value, valid_from)"
    " VALUES (:bureau, :version, :name, :value, :valid_from)"
)
BUMP_CONFIG = text(
    "UPDATE bureaus SET config_version = config_version + 1 WHERE bureau_id = :bureau"
)


class UnitFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    kind: UnitKind
    name: str
    trades: list[Trade] = []
    parent: str | None = None


class OrganisationFile(BaseModel):
    """What `minhu org load` reads: the bureau and its units, parents before children."""

    model_config = ConfigDict(extra="forbid")

    slug: str
    name: str
    is_sample: bool = False
    units: list[UnitFile]


async def load_organisation(connection: AsyncConnection, file: OrganisationFile) -> int:
    """The bureau's id. The bureau itself is the root of its tree of units."""
    bureau = (await connection.execute(FIND_BUREAU, {"slug": file.slug})).scalar_one()
    await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
    named = {"bureau": bureau, "slug": file.slug, "name": file.name}
    await connection.execute(UPSERT_BUREAU, named)
    depths = {file.slug: 0}
    root = UnitFile(id=file.slug, kind=UnitKind.BUREAU, name=file.name, trades=list(Trade))
    for unit in (root, *file.units):
        parent = None if unit.id == file.slug else unit.parent or file.slug
        depths[unit.id] = 0 if parent is None else depths[parent] + 1
        values = {
            "bureau": bureau,
            "id": unit.id,
            "parent": parent,
            "kind": unit.kind.value,
            "name": unit.name,
            "trades": [trade.value for trade in unit.trades],
            "depth": depths[unit.id],
            "is_sample": file.is_sample,
        }
        await connection.execute(UPSERT_UNIT, values)
    await connection.execute(BUMP_CONFIG, {"bureau": bureau})
    return int(bureau)


async def load_calendar(
    connection: AsyncConnection,
    bureau: int,
    version: str,
    years: Sequence[CalendarYear],
    *,
    valid_from: datetime = FROM_THE_START,
) -> None:
    await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
    values = {
        "bureau": bureau,
        "version": version,
        "provisional": [year.year for year in years if year.provisional],
        "valid_from": valid_from,
    }
    await connection.execute(INSERT_CALENDAR, values)
    days: list[Mapping[str, Any]] = [
        {
            "bureau": bureau,
            "version": version,
            "day": day.day,
            "is_workday": day.is_workday,
            "name": day.name,
        }
        for year in years
        for day in year.days
    ]
    await connection.execute(INSERT_DAY, days)
    await connection.execute(BUMP_CONFIG, {"bureau": bureau})


async def load_limits(
    connection: AsyncConnection,
    bureau: int,
    limits: Limits,
    *,
    valid_from: datetime = FROM_THE_START,
) -> None:
    await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
    rows = [
        {
            "bureau": bureau,
            "version": limits.version,
            "name": name,
            "value": value,
            "valid_from": valid_from,
        }
        for name, value in limits.values.items()
    ]
    await connection.execute(INSERT_LIMIT, rows)
    await connection.execute(BUMP_CONFIG, {"bureau": bureau})
