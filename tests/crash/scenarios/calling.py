"""Telling platforms of new states: leased, called, written down; tried again; given up."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.worker.outcomes import WAITS
from tests.crash.scenarios.handling import UNIT, walk
from tests.crash.stage import BEGINNING, Stage, ask_until_answered
from tests.intake.receiver import Heard, Receiver, receiving
from tests.platform import Platform

CITY = "city-12345"
LONGEST_JITTER = 1.11


async def register(stage: Stage, receiver: Receiver) -> None:
    stage.step = "callback"
    stage.called.add("PUT /v1/callback")
    platform = Platform(stage.clients["intake"], CITY, stage.secrets[CITY])
    body = orjson.dumps({"url": receiver.url})

    answer = await ask_until_answered(
        lambda: platform.client.put("/v1/callback", content=body, headers=platform.headers(body))
    )
    assert answer.status_code == 200, answer.text


def told(receiver: Receiver) -> str:
    """Each call once by its id, in the order of the first time: as a receiver takes them in."""
    calls: dict[str, Heard] = {}
    for call in receiver.heard:
        before = calls.setdefault(call.headers["webhook-id"], call)
        assert before.body == call.body, "the same call with other words"
    return repr([call.data["state"] for call in calls.values()])


async def tell_a_platform(stage: Stage) -> None:
    async with receiving() as receiver:
        await register(stage, receiver)
        with stage.aside():
            no = await stage.create("SH-1")
            await walk(stage, no, until="dispatch")
            await stage.work()
        await stage.call_back()
        stage.answers.append(told(receiver))


async def tell_one_that_fails(stage: Stage) -> None:
    """It refuses at first, and hears all of it in the end."""
    async with receiving(lambda _: 204 if is_open else 500) as receiver:
        is_open = False
        with stage.aside():
            await register(stage, receiver)
            no = await stage.create("SH-1")
            await walk(stage, no, until="triage")
            await stage.work()
        await stage.call_back()
        is_open = True
        await stage.move_clock((BEGINNING + timedelta(minutes=1)).isoformat())
        await stage.call_back()
        stage.answers.append(told(receiver))


async def give_up_telling(stage: Stage) -> None:
    """The last of ten tries parks it."""
    async with receiving(lambda _: 500) as receiver:
        with stage.aside():
            await register(stage, receiver)
            await stage.create("SH-1")
            now: datetime = BEGINNING
            for wait in WAITS:
                await stage.call_back()
                now += wait * LONGEST_JITTER
                await stage.move_clock(now.isoformat())
        await stage.call_back()
        stage.answers.append(told(receiver))


async def tell_a_subscriber(stage: Stage) -> None:
    """A unit's system, told once more at its own wish, enabled, and let go."""
    async with receiving() as receiver:
        with stage.aside():
            wanted: dict[str, Any] = {"url": receiver.url, "types": ["ticket.dispatched"]}
            made = await stage.post("dispatch", "/v1/subscriptions", UNIT, **wanted)
            stage.answers.clear()
            no = await stage.create("SH-1")
            await walk(stage, no, until="dispatch")
            await stage.work()
        await stage.call_back()
        number = await stage.superuser.fetchval("SELECT min(number) FROM callback_log")
        path = f"/v1/subscriptions/{made['id']}"
        stage.step = "replay"
        await stage.post("dispatch", f"{path}/deliveries/{number}/replay", UNIT)
        await stage.call_back()
        stage.step = "enable"
        await stage.post("dispatch", f"{path}/enable", UNIT)
        stage.step = "end"
        await stage.post("dispatch", path, UNIT, method="DELETE")
        stage.answers = [one.replace(made["id"], "subscription") for one in stage.answers]
        stage.answers.append(told(receiver))


async def tell_platforms_again(stage: Stage) -> None:
    """What the administrator has told once more."""
    async with receiving() as receiver:
        with stage.aside():
            await register(stage, receiver)
            await stage.create("SH-1")
            await stage.call_back()
        number = await stage.superuser.fetchval("SELECT min(number) FROM callback_log")
        path = f"/v1/sources/{CITY}"
        stage.step = "replay"
        await stage.post("intake", f"{path}/deliveries/{number}/replay", "admin")
        stage.step = "enable"
        await stage.post("intake", f"{path}/enable", "admin")
        await stage.call_back()
        stage.answers.append(told(receiver))
