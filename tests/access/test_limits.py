"""Too many calls: of a key, of a platform, of an address, and of one that keeps failing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from httpx import AsyncClient

from services.dispatch.app import create_app as create_dispatch
from services.intake.app import create_app as create_intake
from shared.identity.networks import read_network
from shared.settings import Settings
from shared.tickets import Hotline
from tests.access.asking import ask, bearer, heard_from, issue
from tests.platform import Platform

LIMITS = {"limit_key": 8, "limit_source": 12, "limit_address": 60, "limit_failures": 6}


@pytest.fixture
def tight(production: Settings) -> Settings:
    """Of real time: no limit holds in the sandbox. Redis is away."""
    return production.model_copy(update={**LIMITS, "redis_url": "redis://127.0.0.1:1/0"})


@pytest.fixture
async def from_there(tight: Settings) -> AsyncIterator[AsyncClient]:
    async with heard_from(create_dispatch(tight), "198.51.100.7") as client:
        yield client


async def statuses(client: AsyncClient, token: str, times: int) -> list[int]:
    return [(await ask(client, token)).status_code for _ in range(times)]


async def test_a_key_has_its_limit_and_says_when_to_come_back(
    from_there: AsyncClient, hotline: Hotline
) -> None:
    key, other = await issue(hotline), await issue(hotline)

    assert await statuses(from_there, key, 10) == [200] * 8 + [429] * 2
    refused = await ask(from_there, key)
    told = {name: refused.json()[name] for name in ("type", "title", "status")}
    assert told == {
        "type": "/problems/too-many-requests",
        "title": "请求过多，请稍后再试",
        "status": 429,
    }
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert await statuses(from_there, other, 1) == [200]


async def test_an_address_that_fails_gets_429_and_good_keys_behind_it_go_on(
    from_there: AsyncClient, hotline: Hotline
) -> None:
    key, unseen = await issue(hotline), await issue(hotline)
    assert await statuses(from_there, key, 1) == [200]

    assert await statuses(from_there, "mh_abcdefgh_guess", 8) == [401] * 6 + [429] * 2

    assert await statuses(from_there, key, 2) == [200, 200]
    assert await statuses(from_there, unseen, 1) == [429], "nobody is looked up for it"
    bare = await from_there.get("/v1/tickets")
    assert (bare.status_code, "retry-after" in bare.headers) == (429, True)
    sign_in = await from_there.post("/v1/session", json={})
    assert sign_in.status_code == 429
    assert (await from_there.get("/livez")).status_code == 200


async def test_failures_of_one_address_are_not_anothers(tight: Settings, hotline: Hotline) -> None:
    proxied = tight.model_copy(update={"trusted_proxies": (read_network("127.0.0.1"),)})
    async with heard_from(create_dispatch(proxied), "127.0.0.1") as dispatch:
        found = [
            (await ask(dispatch, "mh_abcdefgh_guess", {"X-Forwarded-For": origin})).status_code
            for origin in ["203.0.113.9"] * 7 + ["203.0.113.8", "2001:db8::1"]
        ]
        home = [
            (await ask(dispatch, "x", {"X-Forwarded-For": f"2001:db8::{number}"})).status_code
            for number in range(2, 9)
        ]

    assert found == [401] * 6 + [429, 401, 401]
    assert home == [401] * 5 + [429] * 2, "one customer has a whole /64"


async def test_an_address_has_its_limit_whatever_it_shows(
    from_there: AsyncClient, hotline: Hotline
) -> None:
    found = [(await from_there.get("/openapi.json")).status_code for _ in range(65)]

    assert found == [200] * 60 + [429] * 5


async def test_a_platform_has_a_limit_of_its_own_and_nothing_refused_is_lost(
    tight: Settings, secrets: dict[str, str], hotline: Hotline
) -> None:
    async with AsyncExitStack() as stack:
        intake = await stack.enter_async_context(heard_from(create_intake(tight), "198.51.100.7"))
        city = Platform(intake, "city-12345", secrets["city-12345"])
        other = Platform(intake, "district-platform", secrets["district-platform"])
        found = [(await city.create(f"L-{number}")).status_code for number in range(14)]
        assert found == [202] * 12 + [429] * 2
        assert (await other.create("O-1")).status_code == 202
        forged = Platform(intake, "city-12345", secrets["district-platform"])
        guesses = [(await forged.create(f"F-{number}")).status_code for number in range(8)]
        assert guesses == [401] * 6 + [429] * 2
        assert (await other.create("O-2")).status_code == 202, "who signs goes on"
    async with heard_from(create_intake(tight), "198.51.100.7") as later:
        again = Platform(later, "city-12345", secrets["city-12345"])
        assert (await again.create("L-13")).status_code == 202


async def test_in_the_sandbox_nothing_is_limited(settings: Settings, hotline: Hotline) -> None:
    key = await issue(hotline)
    sandbox = settings.model_copy(update=LIMITS)
    async with heard_from(create_dispatch(sandbox), "198.51.100.7") as dispatch:
        assert await statuses(dispatch, key, 20) == [200] * 20
        assert await statuses(dispatch, "mh_abcdefgh_guess", 20) == [401] * 20
        assert (await dispatch.get("/v1/tickets", headers=bearer(key))).status_code == 200
