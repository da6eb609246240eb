"""`minhu worker`: every service's handlers in one process."""

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import AsyncIterator, Mapping

import typer
import uvloop

from services.cli.addresses import read_settings
from services.dispatch.worker import open_mailbox as open_subscriptions
from services.intake.handlers import HANDLERS as INTAKE_HANDLERS
from services.intake.worker import open_mailbox as open_platforms
from services.intake.worker import open_sweeps
from services.scoring.handlers import HANDLERS as SCORING_HANDLERS
from services.scoring.worker import SWEEPS
from shared.events.subscriptions import CALLBACK, SUBSCRIPTION
from shared.logging import set_up_logging
from shared.outgoing import open_client, reach_of
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.calls import Mailbox, Sender
from shared.worker.deliveries import Handler
from shared.worker.process import WorkerProcess

CLOSING_SECONDS = 4.0

app = typer.Typer(rich_markup_mode=None, add_completion=False)


def all_handlers() -> Mapping[str, Handler]:
    """Our own subscribers, by name. Dispatch hears of nothing: its work is asked for by people."""
    return {**INTAKE_HANDLERS, **SCORING_HANDLERS}


@contextlib.asynccontextmanager
async def open_sender(hotline: Hotline) -> AsyncIterator[Sender]:
    """Whom every service calls, and the one client that calls them."""
    async with open_client(reach_of(hotline.settings)) as client:
        mailboxes: dict[str, Mailbox] = {
            CALLBACK: open_platforms(hotline),
            SUBSCRIPTION: open_subscriptions(),
        }
        yield Sender(mailboxes, client.post)


@app.command(help="运行后台进程：处理应投递的事件，按时记录预警与超期，回送平台。")
def worker() -> None:
    settings = read_settings(os.environ)
    set_up_logging(settings.log_level)
    gc.freeze()  # as in `serve`
    uvloop.run(work(settings))


async def work(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; a transaction still open then is rolled back and done again."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        hotline = Hotline.open(settings)
        stack.push_async_callback(hotline.close)
        sender = await stack.enter_async_context(open_sender(hotline))
        sweeps = [*SWEEPS, *await stack.enter_async_context(open_sweeps(hotline))]
        running = asyncio.create_task(WorkerProcess(hotline, all_handlers(), sender, sweeps).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        await asyncio.wait({running}, timeout=CLOSING_SECONDS)
        if running.done() and not running.cancelled():
            running.result()
