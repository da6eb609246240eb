"""A bureau of a hundred units with its people, categories and places; its rules and its keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bench.course import UNIT
from services.cli.sample import ROLE_KEYS, SOURCES, SampleSecrets
from shared.domain.official import OFFICIAL_VERSION, load_calendar_years, load_default_limits
from shared.domain.words import Role, Trade, UnitKind
from shared.identity import issue_key
from shared.identity.organisation import (
    OrganisationFile,
    UnitFile,
    load_calendar,
    load_limits,
    load_organisation,
)
from shared.identity.sources import add_source
from shared.sandbox.year.places import STREETS
from shared.tickets import Hotline
from shared.tickets.clock import start_clock

BUREAU, SLUG = 1, "bench-bureau"
EACH_TRADE = {UnitKind.SECTION: 3, UnitKind.AFFILIATE: 7, UnitKind.CONTRACTOR: 15}
CATEGORIES_EACH = 10
SECTIONS = ("一科", "二科", "三科")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
LETTERS = dict(zip(Trade, "GASL", strict=True))


def list_units() -> Iterator[UnitFile]:
    """Twenty-five of each trade; one of them is the unit of the dispatch bench."""
    for trade in Trade:
        number = 0
        for kind, count in EACH_TRADE.items():
            for _ in range(count):
                number += 1
                name = f"{trade.value}-{number:02}"
                if trade is Trade.SANITATION and number == 1:
                    name = UNIT
                yield UnitFile(id=name, kind=kind, name=f"测量单位{name}", trades=[trade])


@dataclass(frozen=True, slots=True)
class Hands:
    """Whom a ticket of a trade may fall to, by the names that a log in the making uses."""

    by_trade: Mapping[str, list[dict[str, str]]]
    streets: list[str]


def list_hands() -> Hands:
    """Three people to a unit; whoever gets a returned ticket is of the next unit."""
    by_trade: dict[str, list[dict[str, str]]] = {}
    for trade in Trade:
        units = [unit.id for unit in list_units() if trade in unit.trades]
        people = [
            (unit, f"{SURNAMES[(place + one) % len(SURNAMES)]}工{place:02}{one}", SECTIONS[one])
            for place, unit in enumerate(units)
            for one in range(len(SECTIONS))
        ]
        codes = [f"{LETTERS[trade]}-{number:02}" for number in range(1, CATEGORIES_EACH + 1)]
        by_trade[trade.value] = [
            {
                "unit": unit,
                "executor": executor,
                "section": section,
                "unit2": other[0],
                "executor2": other[1],
                "section2": other[2],
                "category": codes[number % len(codes)],
            }
            for number in range(len(people) * len(codes))
            for unit, executor, section in [people[number // len(codes)]]
            for other in [people[(number // len(codes) + len(SECTIONS)) % len(people)]]
        ]
    return Hands(by_trade, [street.name for street in STREETS])


async def load_bureau(hotline: Hotline, now: datetime) -> SampleSecrets:
    """The bureau, its rules and keys; the sandbox's clock stands at `now`."""
    organisation = OrganisationFile(slug=SLUG, name="测量用局", units=list(list_units()))
    async with hotline.database.unscoped() as connection:
        bureau = await load_organisation(connection, organisation)
        assert bureau == BUREAU
        await load_calendar(connection, bureau, OFFICIAL_VERSION, load_calendar_years())
        await load_limits(connection, bureau, load_default_limits())
        sources = {
            name: await add_source(connection, bureau, name, keyring=hotline.keyring)
            for name in SOURCES
        }
        keys = {
            name: (await issue_key(connection, bureau, role=role, actor=actor)).plain
            for name, (role, actor) in ROLE_KEYS.items()
        }
        unit_key = await issue_key(
            connection, bureau, role=Role.UNIT, unit=UNIT, actor="测量单位经办人"
        )
    await start_clock(hotline, now)
    return SampleSecrets(sources, keys, {UNIT: unit_key.plain})
