"""Calls to other people's systems: in order per ticket and receiver, at least once.

No transaction is open while a receiver is called. A lease is committed first, then comes the
call, then its result, which counts only while the lease stands (the fence): a killed worker's
lease ends by itself, and a worker that comes back late overwrites nothing. A lease is short, and
renewed while its call goes on: a call whose lease could not be renewed in time is given up.

A delivery that is leased, waits or is parked holds back only its own ticket at its own receiver.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ParamSpec, TypeVar

from shared.errors import NewerRelease, Unavailable
from shared.outgoing import Answer, Letter
from shared.outgoing.client import GONE
from shared.tickets import Hotline
from shared.worker.calls import Claim, Key, Sender
from shared.worker.envelopes import prepare
from shared.worker.failures import describe, is_unreachable
from shared.worker.leases import find_receivers, lease, leave, renew
from shared.worker.outcomes import Outcome, write_outcomes

log = logging.getLogger(__name__)

LANES = 8  # calls to one receiver at a time, each of another ticket
HELD = 32  # leases on its calls, so that a free lane finds its next at hand
LINES = 3  # transactions at a time for all receivers: the rest of the pool is for our own work
RENEW_SECONDS = 1.0
# A call whose lease is older than that, and was not renewed, is not begun or given up.
OLDEST_SECONDS = 3.0
GATHER_SECONDS = 0.005  # what comes back within it is written together
AGAIN = 2  # tries more of a transaction whose connection was lost

Flight = tuple[Claim, Answer | None]
P = ParamSpec("P")
T = TypeVar("T")


async def drain_callbacks(hotline: Hotline, bureau: int, sender: Sender) -> None:
    """What can be sent now, to every receiver of the bureau."""
    lines = asyncio.Semaphore(LINES)
    runs = [
        Receiver(hotline, bureau, subscriber, sender, lines).run()
        for subscriber in await find_receivers(hotline, bureau, sender)
    ]
    for outcome in await asyncio.gather(*runs, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


@dataclass(slots=True)
class Switchboard:
    """Every receiver has a line of its own: one that hangs keeps no other from being called."""

    hotline: Hotline
    sender: Sender
    lines: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LINES))
    _running: dict[tuple[int, str], asyncio.Task[None]] = field(default_factory=dict)

    async def look(self, tasks: asyncio.TaskGroup) -> None:
        """Takes up every receiver that something is due for and that is not being served."""
        self._running = {key: task for key, task in self._running.items() if not task.done()}
        for bureau in await self.hotline.bureaus():
            for subscriber in await find_receivers(self.hotline, bureau, self.sender):
                if (bureau, subscriber) not in self._running:
                    serving = tasks.create_task(self._serve(bureau, subscriber))
                    self._running[bureau, subscriber] = serving

    async def _serve(self, bureau: int, subscriber: str) -> None:
        try:
            await Receiver(self.hotline, bureau, subscriber, self.sender, self.lines).run()
        except Unavailable:
            log.warning("database away, receiver left", extra={"subscriber": subscriber})
        except Exception as error:
            log.exception(
                "receiver left", extra={"subscriber": subscriber, "kind": describe(error)}
            )


@dataclass(slots=True)
class Receiver:
    """Calls to one subscriber, until nothing more is due. `renewed_at`: leases, by their calls.

    `is_gone`: it has said so, and none of the calls still held is begun.
    """

    hotline: Hotline
    bureau: int
    subscriber: str
    sender: Sender
    lines: asyncio.Semaphore
    lanes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LANES))
    flying: dict[asyncio.Task[Flight], Claim] = field(default_factory=dict)
    renewed_at: dict[asyncio.Task[Flight], float] = field(default_factory=dict)
    is_gone: bool = False

    async def run(self) -> None:
        renewing = asyncio.create_task(self._renew_on())
        try:
            while True:
                if not self.is_gone and len(self.flying) <= HELD // 2:
                    for claim, letter in await again(self._take, HELD - len(self.flying)):
                        self.flying[asyncio.create_task(self._send(claim, letter))] = claim
                if not self.flying:
                    return
                await again(self._finish, await self._land())
        finally:
            for task in (renewing, *self.flying):
                task.cancel()

    async def _land(self) -> list[Flight]:
        """The first answer, and those within a moment of it."""
        await asyncio.wait(self.flying, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(self.flying, timeout=GATHER_SECONDS)
        landed = [task for task in self.flying if task.done()]
        for task in landed:
            del self.flying[task]
            self.renewed_at.pop(task, None)
        return [task.result() for task in landed if not task.cancelled()]

    async def _renew_on(self) -> None:
        """A call whose lease is another's by now, or may be soon, is given up."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            calls = {task: claim for task, claim in self.flying.items() if not task.done()}
            now = time.monotonic()
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    held = await self._renew(list(calls.values()))
            except (Unavailable, TimeoutError):
                log.warning("leases not renewed", extra={"subscriber": self.subscriber})
            else:
                kept = {task: now for task, claim in calls.items() if claim.key in held}
                self.renewed_at.update(kept)
                for task in calls.keys() - kept.keys():
                    task.cancel()
            for task, claim in calls.items():
                if time.monotonic() - self.renewed_at.get(task, claim.taken_at) > OLDEST_SECONDS:
                    task.cancel()

    async def _renew(self, claims: Sequence[Claim]) -> set[Key]:
        if not claims:
            return set()
        async with self.hotline.database.transaction(self.bureau) as tx:
            return await renew(tx, self.subscriber, claims)

    async def _take(self, most: int) -> list[tuple[Claim, Letter]]:
        """Leases and letters; a delivery that cannot be put into words is counted by itself."""
        try:
            async with self.lines, self.hotline.ledger(self.bureau) as ledger:
                claims = await lease(ledger, self.subscriber, most)
                return paired(claims, await prepare(ledger, claims, self.sender))
        except Exception as error:
            if is_unreachable(error):
                raise
            log.warning(
                "batch failed, preparing its calls one by one",
                extra={"subscriber": self.subscriber, "kind": describe(error)},
            )
        async with self.lines, self.hotline.ledger(self.bureau) as ledger:
            claims = await lease(ledger, self.subscriber, most)
        return [pair for claim in claims for pair in await self._prepare_alone(claim)]

    async def _prepare_alone(self, claim: Claim) -> list[tuple[Claim, Letter]]:
        try:
            async with self.lines, self.hotline.ledger(self.bureau) as ledger:
                return paired([claim], await prepare(ledger, [claim], self.sender))
        except NewerRelease:
            await self._leave(claim)
            return []
        except Exception as error:
            if is_unreachable(error):
                raise
            await self._finish([(claim, Answer(error=describe(error)))])
            return []

    async def _leave(self, claim: Claim) -> None:
        """Only a newer release can put it into words: no try of ours is counted, it may have it."""
        log.warning(
            "left to a newer release",
            extra={"subscriber": self.subscriber, "stream_id": claim.delivery.stream_id},
        )
        async with self.lines, self.hotline.ledger(self.bureau) as ledger:
            await leave(ledger.tx, self.subscriber, claim)

    async def _send(self, claim: Claim, letter: Letter) -> Flight:
        async with self.lanes:
            if self.is_gone or time.monotonic() - claim.taken_at > OLDEST_SECONDS:
                return claim, None
            answer = await self.sender.post(letter)
            if answer.status == GONE:
                self.is_gone = True
        if not answer.is_accepted:
            log.warning(
                "callback failed",
                extra={
                    "subscriber": self.subscriber,
                    "stream_id": claim.delivery.stream_id,
                    "kind": answer.reason,
                },
            )
        return claim, answer

    async def _finish(self, flights: Sequence[Flight]) -> None:
        """A call that was never begun has no result: its lease ends by itself."""
        outcomes = [Outcome(claim, answer) for claim, answer in flights if answer is not None]
        if outcomes:
            patience = timedelta(days=self.hotline.settings.callback_days)
            async with self.lines, self.hotline.ledger(self.bureau) as ledger:
                await write_outcomes(ledger, self.subscriber, outcomes, patience=patience)


async def again(work: Callable[P, Awaitable[T]], *args: P.args, **named: P.kwargs) -> T:
    """A second and third time where a connection was lost: the calls in flight are not given up.

    What stands although its answer was lost is not done twice: leases see to that.
    """
    for _ in range(AGAIN):
        with suppress(Unavailable):
            return await work(*args, **named)
    return await work(*args, **named)


def paired(claims: Sequence[Claim], letters: Mapping[Key, Letter]) -> list[tuple[Claim, Letter]]:
    return [(claim, letters[claim.key]) for claim in claims if claim.key in letters]
