"""One call of each operation that must succeed: without them the rest knocks at closed doors."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from httpx import Response

from tests.authorisation.asking import WAYS
from tests.authorisation.callers import ASSIST, LEAD
from tests.authorisation.stage import Stage
from tests.matrix.test_cells import ALL_BODIES
from tests.platform import CREATED

# How far a ticket must have come for each action, and who takes the steps there.
STEPS: tuple[tuple[str, str], ...] = (
    ("triage", "D"),
    ("dispatch", "D"),
    ("accept", "L"),
    ("contact", "L"),
    ("dispose", "L"),
    ("feedback", "L"),
    ("reply", "D"),
    ("complete", "D"),
    ("follow-up", "D"),
)
AFTER: Mapping[str, int] = {
    **{action: place for place, (action, _) in enumerate(STEPS)},
    "reject-feedback": 6,
    "return": 2,
    "decide-return": 2,
    "request-upstream-return": 1,
    "request-extension": 3,
    "decide-extension": 3,
    "merge": 1,
    "appeal": 9,
    "decide-appeal": 9,
    "site-visit": 3,
}
WHO: Mapping[str, str] = {
    **dict(STEPS),
    "return": "L",
    "request-extension": "L",
    "appeal": "L",
    "decide-extension": "E",
    "confirm-void": "E",
    "decide-appeal": "E",
    "decide-exclusion": "E",
}
ASKED_FIRST: Mapping[str, str] = {
    "decide-return": "return",
    "decide-extension": "request-extension",
    "confirm-void": "void",
    "decide-appeal": "appeal",
    "decide-exclusion": "exclude",
}
OWN_BODIES: Mapping[str, Mapping[str, Any]] = {
    "dispatch": {"lead": LEAD, "assists": [ASSIST]},
    "appeal": {"verdict": "follow_up", "reason": "回访时市民所答的是另一件事"},
    "follow-up": {**ALL_BODIES["follow-up"], "overall": "dissatisfied", "solved": "yes"},
}


Special = Callable[["Sound"], Awaitable[Response]]


@dataclass
class Sound:
    """Tickets as far as they are wanted, and the answer of each operation when asked rightly."""

    stage: Stage
    special: Mapping[str, "Special"] = field(default_factory=dict)
    made: int = 0
    fresh: dict[str, str] = field(default_factory=dict)

    async def ticket(self, steps: int) -> tuple[str, str]:
        """A new one after so many steps; its number and its last contact."""
        self.made += 1
        upstream_no = f"FZ-{self.made}"
        caller = {"name": "王某", "phone": f"1390000{self.made:04d}"}
        where = {"address": f"示例路{self.made}号", "caller": caller, "upstream_no": upstream_no}
        receipt = await self.stage.push("ticket.created", **{**CREATED, **where})
        told = await self.stage.ask("intake", "S", "GET", f"/v1/receipts/{receipt}")
        no, contact = str(told.json()["ticket_no"]), ""
        for action, who in STEPS[:steps]:
            answer = await self.act(who, no, action, contact)
            assert answer.is_success, (action, answer.text)
            if action == "contact":
                contact = answer.json()["contacts"][-1]["id"]
        return no, contact

    async def act(self, who: str, no: str, action: str, contact: str) -> Response:
        body = dict(OWN_BODIES.get(action, ALL_BODIES[action]))
        if action == "feedback":
            body["contact_id"] = contact
        if action == "merge":
            body["into"], _ = await self.ticket(1)
        return await self.post("dispatch", who, f"/v1/tickets/{no}/{action}", body)

    async def post(
        self, service: str, who: str, path: str, body: Any, *, method: str = "POST"
    ) -> Response:
        self.stage.calls += 1
        key = f"sound-{self.stage.calls}"
        return await self.stage.ask(service, who, method, path, body=orjson.dumps(body), key=key)

    async def action(self, action: str) -> Response:
        no, contact = await self.ticket(AFTER.get(action, 0))
        first = ASKED_FIRST.get(action)
        if first is not None:
            asked = await self.act(WHO.get(first, "D"), no, first, contact)
            assert asked.is_success, (first, asked.text)
        return await self.act(WHO.get(action, "D"), no, action, contact)

    async def ask(self, service: str, method: str, path: str, example: Any) -> Response:
        """`example`: the body that the document shows."""
        special = self.special.get(f"{service} {method} {path}")
        if special is not None:
            return await special(self)
        if service == "dispatch" and path.startswith("/v1/tickets/{no}/") and method == "POST":
            return await self.action(path.rpartition("/")[2])
        way = WAYS.get(f"{service} {method} {path}")
        names = dict(self.stage.names)
        query = ""
        if way is not None:
            names |= {name: names[other] for name, other in way.names.items()}
            query = way.query
        address = path.format_map(names) + query
        who = "S" if service == "intake" and path.startswith(SIGNED) else asker_of(path, method)
        if method == "GET":
            return await self.stage.ask(service, who, method, address)
        return await self.post(service, who, address, example, method=method)


SIGNED = ("/v1/webhooks", "/v1/callback", "/v1/receipts", "/v1/tickets", "/v1/reconciliations")


def asker_of(path: str, method: str) -> str:
    """A key that may."""
    if path.startswith("/v1/tickets/{no}/") and method == "POST":
        return WHO.get(path.rpartition("/")[2], "D")
    if path.startswith("/v1/subscriptions"):
        return "L"
    if "freeze" in path or "activate" in path or (path, method) == ("/v1/emergency", "PUT"):
        return "E"
    return "D" if path.startswith(("/v1/matters", "/v1/reconciliation-cases")) else "M"
