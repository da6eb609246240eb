"""`make fuzz`: all three APIs as real processes of a sandbox, ten thousand cases each."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from httpx import AsyncClient

from services.cli.sample import SampleSecrets
from shared.settings import Settings
from shared.tickets import Hotline
from tests.authorisation.callers import load_callers
from tests.authorisation.stage import Stage
from tests.fuzz.fuzzing import Fuzz, Outcome
from tests.fuzz.sound import Sound
from tests.fuzz.special import SPECIAL
from tests.intake.receiver import receiving
from tests.journeys.stack import sandbox

MORNING = "2026-11-18T10:30:00+08:00"
SERVICES = ("intake", "dispatch", "scoring")
SHOWN = 20


async def fuzz(told: dict[str, Any], keyring: Path, *, cases: int, number: int) -> bool:
    settings = Settings(
        database_url=told["database_url"],
        redis_url=told["redis_url"],
        keyring_file=keyring,
        sandbox=True,
    )
    hotline = Hotline.open(settings)
    clients = {one: AsyncClient(base_url=told[one], timeout=120) for one in SERVICES}
    sources = {name: one["secret"] for name, one in told["sources"].items()}

    async def drain() -> int:
        answer = await clients["intake"].post("/sandbox/settle", json={"timeout_seconds": 60})
        assert answer.is_success, answer.text
        return 0

    try:
        await clients["intake"].put("/sandbox/clock", json={"now": MORNING})
        sample = SampleSecrets(sources, told["keys"], told["unit_keys"])
        callers = await load_callers(hotline, sample)
        async with receiving() as receiver:
            stage = Stage(clients, callers, hotline, drain, hears=receiver.url)
            await stage.put_on()
            return await ask_all(stage, cases, number)
    finally:
        for client in clients.values():
            await client.aclose()
        await hotline.close()


async def ask_all(stage: Stage, cases: int, number: int) -> bool:
    whole = True
    for service, client in stage.clients.items():
        document = (await client.get("/openapi.json")).json()
        found = await Fuzz(service, document, Sound(stage, SPECIAL), number).run(cases)
        whole &= tell(service, found)
    return whole


def tell(service: str, found: Outcome) -> bool:
    statuses = "，".join(f"{status} {count} 次" for status, count in sorted(found.statuses.items()))
    sys.stdout.write(
        f"{service}：{found.cases} 次请求，未能送出 {found.unsent}，"
        f"服务错误 {found.server_errors}，不合文档 {len(found.faults)}，"
        f"{len(found.succeeded)}/{len(found.operations)} 个操作成功过（{found.share():.0%}）\n"
        f"    {statuses}\n"
    )
    for line in [*found.faults[:SHOWN], *found.closed]:
        sys.stdout.write(f"    {line}\n")
    sys.stdout.flush()
    return not found.faults and not found.server_errors and found.share() >= 0.9


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sandbox(Path(folder)) as (_, told, _process):
        keyring = next(Path(folder).rglob("keyring*.json"))
        whole = asyncio.run(fuzz(told, keyring, cases=asked.cases, number=asked.seed))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
