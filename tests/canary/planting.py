"""A search that cannot fail shows nothing: in every place something is planted, and must be found.

Where a real process can be made to lay it down it does so; elsewhere it is written beside.
"""

import httpx
from redis.asyncio import Redis

from tests.canary.asking import Crew
from tests.canary.collecting import collect, say
from tests.canary.people import Person
from tests.canary.stage import Stage, connect

LAST = Person(9_999)
BESIDE = ("answers", "errors", "metrics", "anchors")
ISSUED = "UPDATE api_keys SET actor = '{}' WHERE role = 'desk'"
WARNING = "DO $$ BEGIN RAISE WARNING 'canary {}'; END $$"
RENAME = "UPDATE units SET name = '{}' WHERE unit_id = 'sanitation-section'"


async def plant(stage: Stage, crew: Crew, receiver: str) -> None:
    told = f"{LAST.name} {LAST.phone}"
    connection = await connect(stage)
    await connection.execute(WARNING.format(told))
    for statement in (RENAME, ISSUED):
        await connection.execute(statement.format(told))
    await connection.close()
    client = Redis.from_url(stage.stand.redis.url)
    await client.set("canary", told)
    await client.aclose()
    async with httpx.AsyncClient(trust_env=False) as sender:
        await sender.post(receiver, content=told.encode())
    say(stage, "keys", "list")
    await collect(stage)
    for name in BESIDE:
        (stage.place(name) / "planted.txt").write_text(told)
    for service in (*crew.clients, "worker"):
        with (stage.place("logs") / f"{service}.log").open("a") as log:
            log.write(told + "\n")
    with (stage.place("exports") / "facts.csv").open("a") as sheet:
        sheet.write(told + "\n")
