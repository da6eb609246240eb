"""The consumer's processes among the same servers, and what the storm's faults ask of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.journeys.stack import find_ports
from tests.storm.calls import Door
from tests.storm.control.consumer import TABLES
from tests.storm.control.process import DATABASE, REDIS
from tests.storm.nursery import Nursery
from tests.storm.program import Program
from tests.storm.servers import Servers
from tests.storm.stage import CUT_RATE, READY_SECONDS
from tests.storm.watch import Watch

MODULE = "tests.storm.control.process"
QUEUE = "arq:queue"
AT_WORK = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE client_port = ANY($1::int[])
    AND xact_start IS NOT NULL)
"""


@dataclass
class ControlStage:
    servers: Servers
    programs: dict[str, Program]
    door: Door
    watch: Watch
    known: int = 0  # jobs in the queue, when Redis was last there

    @property
    def workers(self) -> Sequence[Program]:
        return [self.programs["worker-1"], self.programs["worker-2"]]

    @property
    def services(self) -> Sequence[Program]:
        return [self.programs["web"]]

    async def is_open(self, program: Program) -> bool:
        if program.name == "web":
            return self.door.open > 0
        ports = self.watch._ports_of(program.pid)
        return bool(ports) and bool(await self.watch.value(AT_WORK, ports))

    async def is_owed(self) -> bool:
        return await self.queued() > 0 or (self.servers.redis.poll() is not None and self.known > 0)

    async def queued(self) -> int:
        """Jobs that Redis knows of, a killed worker's among them; 0 where it is away."""
        redis = Redis.from_url(self.servers.redis.url)
        try:
            self.known = int(await redis.zcard(QUEUE))
            return self.known
        except (RedisError, OSError):
            return 0
        finally:
            await redis.aclose()

    async def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            answer = await self.door.call("GET", "/readyz", {})
            if answer is not None and answer.status == 200:
                return
            assert time.monotonic() < deadline, "the control does not start"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_control(folder: Path, *, seed: int) -> AsyncIterator[ControlStage]:
    async with AsyncExitStack() as stack:
        servers = await asyncio.to_thread(Servers, folder)
        stack.callback(servers.close)
        connection = await asyncpg.connect(servers.superuser_url)
        await connection.execute(TABLES)
        await connection.close()
        port = find_ports() + 1
        environment = {
            DATABASE: servers.superuser_url,
            REDIS: servers.redis.url,
            "MINHU_FAULTS": f"seed={seed},rate={CUT_RATE},log={folder / 'cuts.jsonl'},writes=1",
        }
        argv = {"web": ["web", "--port", str(port)], "worker-1": ["worker"], "worker-2": ["worker"]}
        nursery = Nursery(MODULE, [MODULE], {})
        stack.callback(nursery.close)
        programs = {
            name: Program(name, nursery, words, environment, folder / f"{name}.log")
            for name, words in argv.items()
        }
        for program in programs.values():
            program.start()
            stack.push_async_callback(program.stop)
        door = Door(f"http://127.0.0.1:{port}")
        stack.callback(door.close)
        watch = Watch(servers.superuser_url, servers.postgres.port)
        stack.push_async_callback(watch.close)
        stage = ControlStage(servers, programs, door, watch)
        await stage.wait_until_ready()
        yield stage
