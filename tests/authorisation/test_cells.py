"""Route × role × relation: what is answered against what was written down beforehand."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest
from httpx import AsyncClient, Response

from services.dispatch.app import create_app as create_dispatch
from services.intake.app import create_app as create_intake
from services.scoring.app import create_app as create_scoring
from shared.settings import Settings
from shared.tickets import Hotline
from tests.authorisation import expected
from tests.authorisation.asking import ORDINARY, SENSELESS, UNKNOWN, WAYS, WRITES, Way
from tests.authorisation.callers import Callers, load_callers
from tests.authorisation.stage import Stage
from tests.conftest import Stack, Tell, served
from tests.factories import SetClock
from tests.intake.conftest import Drain

SERVICES = {
    "intake": expected.EVERYWHERE + expected.INTAKE,
    "dispatch": expected.EVERYWHERE + expected.DISPATCH,
    "scoring": expected.EVERYWHERE + expected.SCORING,
}
WHO = expected.WHO.replace(" ", "")
REFUSED = {"u": 401, "x": 403, "-": 404}
NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Row:
    service: str
    method: str
    path: str
    marks: str
    rests_on: str

    @property
    def way(self) -> Way:
        return WAYS.get(f"{self.service} {self.method} {self.path}", ORDINARY)

    def address(self, names: dict[str, str]) -> str:
        known = {**names, **{name: names[other] for name, other in self.way.names.items()}}
        return NAME.sub(lambda found: known[found[1]], self.path) + self.way.query


def read_rows() -> Iterator[Row]:
    for service, table in SERVICES.items():
        for line in filter(None, table.splitlines()):
            method, path, *rest = line.split()
            groups = len(expected.WHO.split())
            yield Row(service, method, path, "".join(rest[:groups]), " ".join(rest[groups:]))


ROWS = list(read_rows())


@pytest.fixture
def services(
    intake: AsyncClient, dispatch: AsyncClient, scoring: AsyncClient
) -> dict[str, AsyncClient]:
    return {"intake": intake, "dispatch": dispatch, "scoring": scoring}


@pytest.fixture
async def callers(hotline: Hotline, stack: Stack, set_clock: SetClock) -> Callers:
    await set_clock("2026-11-18T10:30:00+08:00")
    return await load_callers(hotline, stack.secrets)


@pytest.fixture
async def stage(
    services: dict[str, AsyncClient], hotline: Hotline, callers: Callers, drain: Drain
) -> Stage:
    made = Stage(services, callers, hotline, drain)
    await made.put_on()
    return made


async def operations(services: dict[str, AsyncClient]) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for service, client in services.items():
        paths = (await client.get("/openapi.json")).json()["paths"]
        found.update(
            (service, verb.upper(), path) for path, verbs in paths.items() for verb in verbs
        )
    return found


async def test_every_route_of_the_documents_has_its_row(services: dict[str, AsyncClient]) -> None:
    written = Counter((row.service, row.method, row.path) for row in ROWS)

    assert await operations(services) == written
    assert {len(row.marks) for row in ROWS} == {len(WHO)}
    assert set("".join(row.marks for row in ROWS)) == {"+", "0", *REFUSED}


async def test_every_cell_answers_what_was_written_down(stage: Stage, tell: Tell) -> None:
    different = []
    for row in ROWS:
        for who, mark in zip(WHO, row.marks, strict=True):
            answer = await ask(stage, row, who, stage.names)
            found = judge(row, answer, stage.names)
            if found != mark:
                different.append(
                    (row.service, row.method, row.path, who, mark, found, row.rests_on)
                )
    tell(f"{len(ROWS) * len(WHO)} cells asked, {len(different)} different")
    assert different == [], "\n".join(map(str, different))


async def test_what_may_not_be_seen_answers_in_the_bytes_of_what_is_not_there(
    stage: Stage, tell: Tell
) -> None:
    compared, different = 0, []
    for row in ROWS:
        for who, mark in zip(WHO, row.marks, strict=True):
            if mark != "-":
                continue
            foreign = await ask(stage, row, who, stage.names)
            unknown = await ask(stage, row, who, {**stage.names, **unknown_names(stage)})
            compared += 1
            if told(foreign) != told(unknown):
                different.append((row.method, row.path, who, foreign.text, unknown.text))
    tell(f"{compared} refusals compared with those of what is not there")
    assert compared
    assert different == [], "\n".join(map(str, different))


async def test_the_sandboxes_addresses_are_none_in_production(production: Settings) -> None:
    for create_app in (create_intake, create_dispatch, create_scoring):
        async with served(create_app(production)) as client:
            for row in ROWS:
                if row.path.startswith("/sandbox"):
                    assert (await client.request(row.method, row.path)).status_code == 404


def unknown_names(stage: Stage) -> dict[str, str]:
    unknown = dict(UNKNOWN)
    return unknown | {
        "quarantined": unknown["receipt"],
        "platform_delivery": unknown["delivery"],
    }


async def ask(stage: Stage, row: Row, who: str, names: dict[str, str]) -> Response:
    sent: dict[str, str | bytes] = {}
    if row.method in WRITES:
        sent["body"] = b"{}" if row.way.keyed else SENSELESS
    if row.way.keyed:
        sent["key"] = f"cell-{who}"
    return await stage.ask(row.service, who, row.method, row.address(names), **sent)


def judge(row: Row, answer: Response, names: dict[str, str]) -> str:
    """The mark that this answer is."""
    for mark, status in REFUSED.items():
        if answer.status_code == status:
            return mark
    if row.method not in WRITES and answer.status_code != 200:
        return f"{answer.status_code}"
    if row.method in WRITES and answer.status_code >= 500:
        return f"{answer.status_code}"
    needle = row.way.needle
    if needle is None:
        return "+"
    return "+" if NAME.sub(lambda found: names[found[1]], needle) in answer.text else "0"


def told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """All that a caller reads of it, but for the trace."""
    body = answer.json()
    body.pop("instance", None)
    headers = {k: v for k, v in answer.headers.items() if k != "traceparent"}
    return answer.status_code, orjson.dumps(body), headers
