"""No way to a ticket's words but one that is on record: every route, taken one by one."""

from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from services.dispatch.app import create_app as create_dispatch
from services.dispatch.routes.actions import ACTIONS
from services.intake.app import create_app as create_intake
from services.scoring.app import create_app as create_scoring
from shared.settings import Settings
from tests.audit.conftest import Entries
from tests.factories import Desk
from tests.intake.conftest import Drain
from tests.matters.test_repeats import AT_100, CATEGORY
from tests.platform import Platform

WORDS = ("压缩站旁垃圾满溢", "夜间噪声扰民", "138****5678", "作业时段已提前")
MONTH = "2026-11"
FIRST, SECOND = "SH-1", "SH-2"
# What every GET shows, and as what it is recorded.
RECORDED: Mapping[str, str] = {
    "dispatch /v1/tickets": "ticket.listed",
    "dispatch /v1/tickets/{no}": "ticket.read",
    "dispatch /v1/tickets/{no}/events": "ticket.events",
    "dispatch /v1/tickets/{no}/clocks": "ticket.clocks",
    "dispatch /v1/tickets/{no}/viewers": "ticket.viewers",
    "dispatch /v1/matters/{matter}": "matter.read",
    "dispatch /v1/dead-letters": "dead_letters.read",
    "intake /v1/tickets/{upstream_no}": "platform.read",
    "intake /v1/quarantine": "quarantine.read",
    "scoring /v1/scores/tickets": "figures.read",
    "scoring /v1/tickets/{no}/figures": "figures.read",
    "scoring /v1/periods/{period}/changes": "figures.read",
    "scoring /v1/deductions": "figures.read",
    "scoring /v1/facts": "figures.exported",
}
# They name tickets only where there are some to name.
SOMETIMES = {"scoring /v1/periods/{period}/changes", "scoring /v1/deductions"}
# What shows no ticket's words: codes, times and numbers of things, or nothing of tickets at all.
EXEMPT: Mapping[str, str] = {
    "dispatch /v1/matters": "counts, codes and days of matters; no ticket is named",
    "dispatch /v1/events": "codes and ids only (ruling 44)",
    "dispatch /v1/notices": "codes, ids and times only",
    "dispatch /v1/emergency": "the plan's own words",
    "dispatch /v1/emergency/history": "the plans' own words",
    "dispatch /v1/session": "who has signed in",
    "dispatch /v1/session/oidc": "the way to the bureau's own provider",
    "dispatch /v1/session/oidc/callback": "the way back from it",
    "dispatch /v1/subscriptions": "addresses of receivers",
    "dispatch /v1/subscriptions/{subscription}": "address of a receiver",
    "dispatch /v1/subscriptions/{subscription}/deliveries": "thin: number and state (ruling 49)",
    "intake /v1/receipts/{receipt}": "how far a message has come; faults by field",
    "intake /v1/callback": "address of a receiver",
    "intake /v1/callback/deliveries": "thin: number, state and times (ruling 49)",
    "intake /v1/sources/{source}/callback": "address of a receiver",
    "intake /v1/sources/{source}/deliveries": "thin: number, state and times (ruling 49)",
    "intake /v1/reconciliation-cases": "numbers, states and times that differ",
    "intake /v1/reconciliation-cases/{case_id}": "numbers, states and times that differ",
    "scoring /v1/scores": "sums",
    "scoring /v1/scores/check": "sums",
    "scoring /v1/metrics": "definitions",
    "scoring /v1/schemes": "definitions",
    "scoring /v1/schemes/{scheme}/{version}": "definitions",
    "scoring /v1/flags": "numbers and how often",
    "scoring /v1/ranks": "sums",
    "scoring /v1/city-ranks": "sums",
    "scoring /v1/periods": "manifests",
    "scoring /v1/periods/{period}": "manifests",
    "scoring /v1/sanitation": "sums",
    "scoring /v1/inspections": "roads and scores",
    "scoring /v1/inspections/{inspection}": "roads and scores",
    "scoring /v1/media-items": "what newspapers wrote",
    "scoring /v1/media-items/{media_item}": "what newspapers wrote",
}
QUERIES: Mapping[str, str] = {
    "scoring /v1/scores/tickets": f"?period={MONTH}&by=unit&metric=intake",
    "scoring /v1/periods/{period}/changes": "?from_known_at=2026-11-18T09:00:00%2B08:00",
    "scoring /v1/deductions": f"?period={MONTH}",
    "scoring /v1/sanitation": f"?period={MONTH}",
    "scoring /v1/scores": f"?period={MONTH}&by=unit",
    "scoring /v1/scores/check": f"?period={MONTH}",
    "scoring /v1/flags": f"?period={MONTH}",
    "scoring /v1/ranks": f"?period={MONTH}",
    "scoring /v1/city-ranks": f"?from={MONTH}&to={MONTH}",
}
EVERYWHERE = {"/livez", "/readyz", "/metrics", "/sandbox/clock"}
# Things that are not there: to ask for them shows nothing either.
ABSENT = {"subscription", "case_id", "inspection", "media_item", "receipt"}


def offered_by(settings: Settings, method: str) -> set[str]:
    apps: Mapping[str, FastAPI] = {
        "intake": create_intake(settings),
        "dispatch": create_dispatch(settings),
        "scoring": create_scoring(settings),
    }
    return {
        f"{name} {path}"
        for name, app in apps.items()
        for path, methods in app.openapi()["paths"].items()
        if method in methods and path not in EVERYWHERE
    }


def test_every_get_is_known_to_show_words_or_not_to(settings: Settings) -> None:
    assert offered_by(settings, "get") == {*RECORDED, *EXEMPT}


def test_every_action_goes_the_one_way_or_is_the_reveal(settings: Settings) -> None:
    prefix = "dispatch /v1/tickets/{no}/"
    offered = {one for one in offered_by(settings, "post") if one.startswith(prefix)}

    assert offered == {prefix + action.name for action, _ in ACTIONS} | {prefix + "reveal"}


@pytest.fixture
async def tickets(desk: Desk, city: Platform, drain: Drain) -> tuple[str, str]:
    """Two of one matter, the first walked to its reply; another message in quarantine."""
    nos = []
    for number in (FIRST, SECOND):
        pushed = await city.create(number, **CATEGORY, **AT_100)
        await drain()
        nos.append((await city.receipt(pushed))["ticket_no"])
    await city.create("SH-3", urgency="whenever")
    await desk.walk(nos[0], until="reply")
    await drain()
    return nos[0], nos[1]


async def test_every_way_to_a_ticket_leaves_its_reader_on_record(
    tickets: tuple[str, str], entries: Entries, walker: "Walker"
) -> None:
    no, _ = tickets
    number = int(no.partition("-")[2])
    walker.names = {"no": no, "matter": await walker.matter_of(no)}
    unseen = []
    for way in sorted({*RECORDED, *EXEMPT}):
        before = len(await entries())
        answer = await walker.get(way)
        added = (await entries())[before:]
        kinds = [one.kind for one in added]
        shows = any(word in answer.text for word in WORDS)
        if way in EXEMPT:
            assert (kinds, shows) == ([], False), way
        else:
            assert kinds == [RECORDED[way]] or (way in SOMETIMES and not kinds), (way, kinds)
        if no in answer.text and added and not any(number in (e.tickets or ()) for e in added):
            unseen.append(way)
    # An export of all tells who took it, and which bounds; a message is not yet a ticket.
    assert set(unseen) <= {"scoring /v1/facts"}


async def test_every_step_of_the_main_path_is_on_record(
    tickets: tuple[str, str], entries: Entries
) -> None:
    number = int(tickets[0].partition("-")[2])
    acted = [one.operation for one in await entries() if number in (one.tickets or ())]

    assert acted == ["triage", "dispatch", "accept", "contact", "dispose", "feedback", "reply"]


class Walker:
    """Takes a way by its name, as an admin, or as the platform where only that may go."""

    def __init__(self, clients: Mapping[str, AsyncClient], city: Platform, key: str) -> None:
        self.clients = clients
        self.city = city
        self.headers = {"Authorization": f"Bearer {key}"}
        self.names: dict[str, str] = {}

    async def matter_of(self, no: str) -> str:
        found = await self.clients["dispatch"].get(f"/v1/tickets/{no}", headers=self.headers)
        matter = found.json()["matter"]
        assert matter is not None
        return str(matter)

    async def get(self, way: str) -> Response:
        name, path = way.split()
        given = {
            **self.names,
            **dict.fromkeys(ABSENT, "00000000-0000-0000-0000-000000000000"),
            "period": MONTH,
            "scheme": "ja-default",
            "version": "1",
            "source": "city-12345",
            "upstream_no": FIRST,
        }
        url = path.format(**given) + QUERIES.get(way, "")
        if name == "intake" and path.split("/")[2] in ("receipts", "callback", "tickets"):
            answer = await self.city.get(url)
        else:
            answer = await self.clients[name].get(url, headers=self.headers)
        expected = 404 if any(f"{{{one}}}" in path for one in ABSENT) else 200
        assert answer.status_code == expected or way in REFUSED, (way, answer.text)
        return answer


# An admin has no subscription of its own, and no month is frozen yet.
REFUSED = {
    "scoring /v1/periods/{period}",
    "dispatch /v1/session/oidc",  # no provider is set up
    "dispatch /v1/session/oidc/callback",
}


@pytest.fixture
def walker(
    dispatch: AsyncClient,
    intake: AsyncClient,
    scoring: AsyncClient,
    city: Platform,
    keys: dict[str, str],
) -> Walker:
    clients = {"dispatch": dispatch, "intake": intake, "scoring": scoring}
    return Walker(clients, city, keys["admin"])
