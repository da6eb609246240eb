"""Everybody who may knock: keys of two bureaus in every relation, three sources, and nobody."""

import json
from dataclasses import dataclass
from importlib.resources import files

from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncConnection

import shared
from services.cli.installation import SET_BUREAU
from services.cli.sample import CALENDAR_VERSION, SampleSecrets
from shared.domain.official import load_calendar_years, load_default_limits
from shared.domain.words import Role
from shared.identity import issue_key
from shared.identity.organisation import (
    OrganisationFile,
    load_calendar,
    load_limits,
    load_organisation,
)
from shared.identity.sources import add_source
from shared.tickets import Hotline
from tests.platform import Platform

LEAD, ASSIST, FORMER = "sanitation-section", "chengfa-sanitation", "sanitation-centre"
OTHER, OBJECT = "greening-section", "greening-centre"
PARENT, CHILD = "sanitation-office", "sanitation-team"
CITY, DISTRICT, FOREIGN_CITY = "city-12345", "district-platform", "city-12345.putuo"
SAMPLE = (files(shared) / "data" / "sample-organisation.json").read_text("utf-8")
UNITS = {"L": LEAD, "A": ASSIST, "F": FORMER, "O": OTHER, "P": PARENT, "C": CHILD, "J": OBJECT}
# What is issued beside the sample's own keys: by mark, role and unit.
ISSUED = {
    "P": (Role.UNIT, PARENT),
    "C": (Role.UNIT, CHILD),
    "p": (Role.BI, PARENT),
    "q": (Role.BI, OTHER),
}
FOREIGN = {
    "l": (Role.UNIT, LEAD),
    "d": (Role.DESK, None),
    "e": (Role.LEADER, None),
    "m": (Role.ADMIN, None),
    "b": (Role.BI, None),
}


@dataclass(frozen=True)
class Callers:
    """By mark: bearer keys, and platforms that sign."""

    keys: dict[str, str]
    secrets: dict[str, tuple[str, str]]

    async def ask(
        self, client: AsyncClient, who: str, method: str, path: str, **sent: str | bytes
    ) -> Response:
        """`key`: an Idempotency-Key; `body`: JSON as bytes."""
        body = sent.get("body", b"")
        assert isinstance(body, bytes)
        headers = {"content-type": "application/json"} if body else {}
        if "key" in sent:
            headers["idempotency-key"] = str(sent["key"])
        if who in self.keys:
            headers["authorization"] = f"Bearer {self.keys[who]}"
        if who in self.secrets:
            name, secret = self.secrets[who]
            headers |= Platform(client, name, secret).headers(body)
        return await client.request(method, path, content=body or None, headers=headers)


def with_parent_and_child() -> OrganisationFile:
    """The sample organisation, its lead between an office above and a team below it."""
    sample = json.loads(SAMPLE)
    trade = {"kind": "section", "trades": ["sanitation"]}
    office = {"id": PARENT, "name": "环卫处（样例）", **trade}
    team = {"id": CHILD, "name": "环卫作业队（样例）", **trade, "parent": LEAD}
    units = [one | ({"parent": PARENT} if one["id"] == LEAD else {}) for one in sample["units"]]
    return OrganisationFile.model_validate({**sample, "units": [office, *units, team]})


def of_another_bureau() -> OrganisationFile:
    """Units of the very same names in a bureau of its own."""
    sample = json.loads(SAMPLE)
    return OrganisationFile.model_validate(
        {**sample, "slug": "putuo-lvrong", "name": "普陀（样例）"}
    )


async def load_callers(hotline: Hotline, sample: SampleSecrets) -> Callers:
    keys, secrets = sample.keys | sample.unit_keys, sample.sources
    async with hotline.database.unscoped() as connection:
        bureau = await load_organisation(connection, with_parent_and_child())
        foreign = await load_foreign(connection)
        signing = await add_source(connection, foreign, FOREIGN_CITY, keyring=hotline.keyring)
        issued = {}
        for table, where in ((ISSUED, bureau), (FOREIGN, foreign)):
            await connection.execute(SET_BUREAU, {"bureau": str(where)})
            for mark, (role, unit) in table.items():
                new = await issue_key(connection, where, role=role, actor=f"某{mark}", unit=unit)
                issued[mark] = new.plain
    own = {mark: keys[unit] for mark, unit in UNITS.items() if unit in keys}
    roles = {"D": keys["desk"], "E": keys["leader"], "M": keys["admin"], "B": keys["bi"]}
    wrong = {"X": keys["admin"][:-4] + "0000"}
    signs = {"S": (CITY, secrets[CITY]), "T": (DISTRICT, secrets[DISTRICT])}
    return Callers({**own, **roles, **issued, **wrong}, {**signs, "s": (FOREIGN_CITY, signing)})


async def load_foreign(connection: AsyncConnection) -> int:
    bureau = await load_organisation(connection, of_another_bureau())
    await load_calendar(connection, bureau, CALENDAR_VERSION, load_calendar_years())
    await load_limits(connection, bureau, load_default_limits())
    return bureau
