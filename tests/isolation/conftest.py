"""A second bureau beside the sample's, with units of the same names."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.resources import files

import asyncpg
import pytest

import shared
from shared.domain.official import load_calendar_years, load_default_limits
from shared.domain.words import Role
from shared.identity import issue_key
from shared.identity.organisation import (
    OrganisationFile,
    load_calendar,
    load_limits,
    load_organisation,
)
from shared.settings import Settings
from shared.tickets import Hotline
from tests.conftest import Stack

SLUG = "putuo-lvrong"
ROLES = {"desk": Role.DESK, "leader": Role.LEADER, "admin": Role.ADMIN, "bi": Role.BI}
UNITS = ("greening-section", "sanitation-section", "chengfa-sanitation")


@dataclass(frozen=True)
class Bureau:
    """`keys`: plain, by role and by unit."""

    number: int
    keys: dict[str, str]


@pytest.fixture
async def putuo(hotline: Hotline) -> Bureau:
    data = (files(shared) / "data" / "sample-organisation.json").read_text("utf-8")
    sample = OrganisationFile.model_validate_json(data)
    organisation = sample.model_copy(update={"slug": SLUG, "name": "另一个局（样例）"})
    async with hotline.database.unscoped() as connection:
        bureau = await load_organisation(connection, organisation)
        await load_calendar(connection, bureau, "2026.1", load_calendar_years())
        await load_limits(connection, bureau, load_default_limits())
        keys = {
            name: await issue_key(connection, bureau, role=role, actor=f"普陀{name}")
            for name, role in ROLES.items()
        }
        for unit in UNITS:
            keys[unit] = await issue_key(
                connection, bureau, role=Role.UNIT, unit=unit, actor=f"普陀{unit}"
            )
    return Bureau(bureau, {name: key.plain for name, key in keys.items()})


@pytest.fixture
async def inside(stack: Stack, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """As the superuser, whom no policy binds."""
    database = settings.database_url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(stack.superuser_url.rsplit("/", 1)[0] + f"/{database}")
    yield connection
    await connection.close()


@pytest.fixture
async def owner(stack: Stack, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.owner_url_of(settings.database_url.rsplit("/", 1)[1]))
    yield connection
    await connection.close()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """As the services' role, outside of any transaction of theirs."""
    connection = await asyncpg.connect(settings.database_url)
    yield connection
    await connection.close()
