"""What ships with the product: the State Council's day lists and the default limits, as data."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from shared.domain.calendar import WorkCalendar
from shared.domain.limits import Limits
from shared.domain.words import Trade

OFFICIAL_VERSION = "2026.1"
CATEGORIES_FILE = "categories.json"
DEFAULT_LIMITS_FILE = "default-1.json"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that differs from what its notice says of ordinary days: a holiday or a make-up day."""

    day: date
    is_workday: bool
    name: str


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year's notice. A provisional year has only its statutory days, no make-up days."""

    year: int
    provisional: bool
    source: str
    days: tuple[CalendarDay, ...]


@dataclass(frozen=True, slots=True)
class DefaultLimit:
    """One value of the register, with its meaning and what it rests on, in Chinese."""

    key: str
    value: str
    remark: str
    evidence: str


@cache
def load_categories() -> Mapping[str, Trade]:
    """Our second-level categories (内容分类), by code, with the trade each belongs to."""
    text = files("shared").joinpath("data", CATEGORIES_FILE).read_text("utf-8")
    rows = json.loads(text)["categories"]
    return MappingProxyType({row["code"]: Trade(row["trade"]) for row in rows})


def load_calendar_years() -> tuple[CalendarYear, ...]:
    folder = files("shared").joinpath("data", "calendar")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(
        read_calendar_year(json.loads(folder.joinpath(name).read_text("utf-8"))) for name in names
    )


def read_calendar_year(data: dict[str, Any]) -> CalendarYear:
    days = tuple(
        CalendarDay(date.fromisoformat(row["day"]), row["is_workday"], row["name"])
        for row in data["days"]
    )
    if strangers := [entry.day for entry in days if entry.day.year != data["year"]]:
        raise ValueError(f"days outside {data['year']}: {strangers}")
    return CalendarYear(data["year"], data["provisional"], data["source"], days)


def calendar_of(version: str, years: Iterable[CalendarYear]) -> WorkCalendar:
    years = tuple(years)
    days = [entry for year in years for entry in year.days]
    return WorkCalendar(
        version=version,
        exceptions={entry.day: entry.is_workday for entry in days},
        provisional_years=frozenset(year.year for year in years if year.provisional),
        names={entry.day: entry.name for entry in days},
    )


def load_official_calendar() -> WorkCalendar:
    return calendar_of(OFFICIAL_VERSION, load_calendar_years())


def load_default_register() -> tuple[DefaultLimit, ...]:
    return tuple(DefaultLimit(**row) for row in _read_default_limits()["values"])


def load_default_limits() -> Limits:
    values = {entry.key: entry.value for entry in load_default_register()}
    return Limits(version=_read_default_limits()["version"], values=values)


def _read_default_limits() -> dict[str, Any]:
    text = files("shared").joinpath("data", "limits", DEFAULT_LIMITS_FILE).read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
