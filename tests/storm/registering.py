"""Where platforms and a unit's system say that they want to hear of their tickets, and again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.storm.calls import Door
from tests.storm.plan import SOURCES, SUBSCRIBED
from tests.storm.receiver import UNIT_SYSTEM, Receiver
from tests.storm.sender import Letter, Sender

SUBSCRIPTIONS = "/v1/subscriptions"
DONE = (200, 201, 204)
SEEN_TO_SECONDS = 1.0  # until somebody notices that it said it was gone


@asynccontextmanager
async def hearing(
    receiver: Receiver, sender: Sender, dispatch: Door, key: str
) -> AsyncIterator[None]:
    """The receiver open and known; whoever answered 410 is enabled again after a while."""
    await receiver.open()
    for source in SOURCES:
        await register(sender, source, f"{receiver.url}/{source}")
    made = await subscribe(dispatch, key, f"{receiver.url}/{UNIT_SYSTEM}")
    receiver.secrets[UNIT_SYSTEM] = made["secret"]
    tasks: set[asyncio.Task[None]] = set()

    async def see_to(name: str) -> None:
        await asyncio.sleep(SEEN_TO_SECONDS)
        if name in SOURCES:
            await register(sender, name, f"{receiver.url}/{name}")
        else:
            await write(dispatch, key, "POST", f"{SUBSCRIPTIONS}/{made['id']}/enable")

    receiver.on_gone = lambda name: tasks.add(asyncio.create_task(see_to(name)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await receiver.close()


async def register(sender: Sender, source: str, url: str) -> None:
    letter = Letter(source, f"register-{source}", orjson.dumps({"url": url}), "")
    while True:
        headers = sender.headers(letter)
        answer = await sender.door.call("PUT", "/v1/callback", headers, body=letter.body)
        if answer is not None and answer.status in DONE:
            return
        await asyncio.sleep(0.1)


async def subscribe(dispatch: Door, key: str, url: str) -> Any:
    """The secret is told but once: where that answer was lost, the subscription is given up."""
    body = orjson.dumps({"url": url, "types": SUBSCRIBED})
    made = orjson.loads(await write(dispatch, key, "POST", SUBSCRIPTIONS, body))
    for one in orjson.loads(await write(dispatch, key, "GET", SUBSCRIPTIONS))["items"]:
        if one["id"] != made["id"]:
            await write(dispatch, key, "DELETE", f"{SUBSCRIPTIONS}/{one['id']}")
    return made


async def write(dispatch: Door, key: str, method: str, path: str, body: bytes = b"{}") -> bytes:
    number = 0
    while True:
        headers = headers_of(key, f"{method}-{path}-{number}")
        answer = await dispatch.call(method, path, headers, body=body)
        if answer is not None and answer.status in DONE:
            return answer.body
        number += 1
        await asyncio.sleep(0.1)


def headers_of(key: str, name: str) -> Mapping[str, str]:
    return {
        "authorization": f"Bearer {key}",
        "content-type": "application/json",
        "idempotency-key": name,
    }
