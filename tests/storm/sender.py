"""The platforms: signed messages, sent again until answered, and a ledger of what was answered."""

import asyncio
import base64
import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.web.signatures import sign
from tests.storm.calls import Answer, Door
from tests.storm.plan import UPDATES, Plan, created_data

DUPLICATES, REORDERED, POISON = 0.20, 0.20, 0.01
FINAL = (200, 202, 409, 413, 415, 422)


@dataclass
class Letter:
    """One message as its platform keeps it. `status` is that of the first final answer.

    `end`: the state in which it must be found afterwards.
    """

    source: str
    webhook_id: str
    body: bytes
    upstream_no: str
    revision: int = 0
    end: str = "applied"
    status: int = 0
    receipt: str | None = None
    sent: int = 0

    @property
    def is_acknowledged(self) -> bool:
        return self.receipt is not None


@dataclass
class Sender:
    door: Door
    secrets: Mapping[str, str]
    letters: list[Letter] = field(default_factory=list)
    repeated: int = 0
    reordered: int = 0
    odd: list[str] = field(default_factory=list)

    async def send_ticket(self, plan: Plan, now: str) -> None:
        """Creation and updates, some of them before it, and now and then poison."""
        chance = plan.chance("sending")
        letters = list(make_letters(plan, now))
        if chance.random() < REORDERED:
            self.reordered += 1
            letters = letters[1:] + letters[:1] if chance.random() < 0.5 else letters[::-1]
        if chance.random() < POISON * len(letters):
            letters.insert(chance.randrange(len(letters) + 1), make_poison(plan, now, chance))
        self.letters += letters
        for letter in letters:
            again = chance.random() < DUPLICATES
            if again and chance.random() < 0.5:
                self.repeated += 1
                await asyncio.gather(self.send(letter), self.send(letter))
                continue
            await self.send(letter)
            if again:
                self.repeated += 1
                await self.send(letter)

    async def send(self, letter: Letter) -> None:
        """The same id and the same bytes until there is an answer that says what became of it."""
        while True:
            letter.sent += 1
            answer = await self.door.call(
                "POST", f"/v1/webhooks/{letter.source}", self.headers(letter), body=letter.body
            )
            if answer is not None and answer.status in FINAL:
                self._note(letter, answer)
                return
            if answer is not None and answer.status not in (429, 503):
                self.odd.append(f"{letter.webhook_id}: {answer.status} {answer.body[:200]!r}")
            await asyncio.sleep(random.uniform(0.05, 0.2))

    def headers(self, letter: Letter) -> dict[str, str]:
        key = base64.b64decode(self.secrets[letter.source].removeprefix("whsec_"))
        stamp = int(time.time())
        return {
            "content-type": "application/json",
            "webhook-id": letter.webhook_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(key, letter.webhook_id, stamp, letter.body),
        }

    def _note(self, letter: Letter, answer: Answer) -> None:
        told = json.loads(answer.body)
        receipt = told.get("receipt")
        expected = (422,) if letter.end == "quarantined" else (200, 202)
        if answer.status not in expected:
            self.odd.append(f"{letter.webhook_id}: {answer.status} {answer.body[:200]!r}")
        if letter.receipt is not None and receipt != letter.receipt:
            self.odd.append(f"{letter.webhook_id}: another receipt")
        letter.status = letter.status or answer.status
        letter.receipt = letter.receipt or receipt


def make_letters(plan: Plan, now: str) -> Iterator[Letter]:
    data = created_data(plan, now)
    yield make_letter(plan, "ticket.created", data, now=now, name="0")
    for revision in range(1, UPDATES + 1):
        told = {
            "upstream_no": plan.upstream_no,
            "revision": revision,
            "title": plan.title(revision),
            "address": f"静安区示例路{plan.number}号旁{revision}室",
        }
        yield make_letter(
            plan, "ticket.updated", told, now=now, name=str(revision), revision=revision
        )


def make_letter(
    plan: Plan,
    kind: str,
    data: Any,
    *,
    now: str,
    name: str,
    revision: int = 0,
    end: str = "applied",
) -> Letter:
    return Letter(
        plan.source,
        f"{plan.upstream_no}-{name}",
        orjson.dumps({"type": kind, "timestamp": now, "data": data}),
        plan.upstream_no,
        revision,
        end,
    )


def make_poison(plan: Plan, now: str, chance: random.Random) -> Letter:
    """Ill-typed, not JSON at all, of an unknown type, of no ticket that there is."""
    created = created_data(plan, now) | {"upstream_no": f"{plan.upstream_no}-X"}
    kind = chance.randrange(5)
    if kind == 0:
        return make_letter(
            plan, "ticket.created", created | {"urgency": 7}, now=now, name="p", end="quarantined"
        )
    if kind == 1:
        letter = make_letter(plan, "ticket.created", {}, now=now, name="p", end="quarantined")
        letter.body = b"{" + letter.body
        return letter
    if kind == 2:
        return make_letter(plan, "ticket.praised_twice", {}, now=now, name="p", end="ignored")
    if kind == 3:
        orphan = {"upstream_no": f"{plan.upstream_no}-X", "text": "催"}
        return make_letter(plan, "ticket.urged", orphan, now=now, name="p", end="waiting")
    # Well-formed, and what it decides was never asked: understood, and without effect.
    decided = {"upstream_no": plan.upstream_no, "granted": True}
    return make_letter(plan, "ticket.extension_decided", decided, now=now, name="p", end="ignored")
