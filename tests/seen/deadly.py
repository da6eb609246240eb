"""`python -m tests.seen.deadly STREAM`: a real worker that is killed outright by one stream."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from services.cli.worker import open_sender
from shared.settings import Settings
from shared.tickets import Hotline, Ledger
from shared.worker.deliveries import Delivery
from shared.worker.process import WorkerProcess
from tests.seen.owing import HEARD


async def main(deadly: int) -> None:
    async def handle(_: Ledger, batch: Sequence[Delivery]) -> None:
        if any(one.stream_id == deadly for one in batch):
            os.kill(os.getpid(), signal.SIGKILL)

    hotline = Hotline.open(Settings.from_env())
    async with open_sender(hotline) as sender:
        running = asyncio.create_task(WorkerProcess(hotline, {HEARD: handle}, sender).run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running
    await hotline.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
