"""Cases drawn from a document by a fixed seed, sent as somebody, and what was answered."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from httpx import AsyncClient, HTTPError, InvalidURL, Response
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.authorisation.test_cells import NAME
from tests.fuzz.sound import SIGNED, Sound, asker_of
from tests.platform import Platform

TOLD_OF = (503, 504)  # answers of the contract: not now, and not settled in time
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
RIGHTFUL = 0.6  # how often one asks who may
KNOWN_NAMES = 0.7  # how often a path leads to something that is there
# Some operations have few cases to draw: the others make up for them.
ROUNDS = 10
WITH_KEY = 0.9  # how often a write has an Idempotency-Key
# Sent as shown or not at all: leaping over years would be a test of the calendar, and slow.
AS_SHOWN = ("/sandbox/clock", "/sandbox/clock/advance", "/sandbox/settle")
JSON = "application/json"
NOWHERE = "http://fuzz.test"
OWN = ("content-length", "transfer-encoding", "host")
ENDS = {("DELETE", "/v1/subscriptions/{subscription}")}


@dataclass
class Outcome:
    """`faults`: what broke, by operation; `closed`: what did not succeed even asked soundly."""

    cases: int = 0
    unsent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    succeeded: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)
    server_errors: int = 0
    unnamed: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def share(self) -> float:
        return len(self.succeeded) / len(self.operations)


@dataclass
class Fuzz:
    """One API: `sound` knows the callers and the names of what is there."""

    service: str
    document: dict[str, Any]
    sound: Sound
    number: int
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self.schema = schemathesis.openapi.from_dict(self.document)
        self.choice = random.Random(self.number)
        self.client: AsyncClient = self.sound.stage.clients[self.service]

    async def run(self, cases: int) -> Outcome:
        listed: list[Any] = list(self.schema.get_all_operations())
        operations = [one.ok() for one in listed]
        fuzzed = [one for one in operations if not one.path.startswith(AS_SHOWN)]
        for one in operations:
            await self.ask_soundly(one)  # not among the cases
        for number in range(self.number, self.number + ROUNDS):
            lacking = cases + len(operations) - self.outcome.cases
            if lacking <= 0:
                break
            each = -(-lacking // (len(fuzzed) * len(MODES)))
            for one in fuzzed:
                for mode in MODES:
                    for case in self.draw(one, mode, each, number):
                        await self.send(case)
        return self.outcome

    async def ask_soundly(self, operation: Any) -> None:
        method, path = operation.method.upper(), operation.path
        name = f"{method} {path}"
        self.outcome.operations.add(name)
        shown = self.document["paths"][path][method.lower()].get("requestBody", {})
        example = shown.get("content", {}).get("application/json", {}).get("example", {})
        answer = await self.sound.ask(self.service, method, path, example)
        named = dict.fromkeys(NAME.findall(path), "x")
        self.judge(operation.Case(method=method, path_parameters=named), name, answer)
        if not answer.is_success:
            self.outcome.closed.append(f"{name} → {answer.status_code} {answer.text[:200]}")

    def draw(self, operation: Any, mode: GenerationMode, most: int, number: int) -> Iterator[Any]:
        found: list[Any] = []

        @seed(number)
        @settings(
            max_examples=most,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def collect(case: Any) -> None:
            found.append(case)

        try:
            collect()
        except Exception as error:  # noqa: BLE001 - e.g. nothing can be wrong with a call without parts
            if not found and mode is GenerationMode.POSITIVE:
                self.outcome.faults.append(f"{operation.path}: no case: {type(error).__name__}")
        yield from found

    async def send(self, case: Any) -> None:
        if (case.method.upper(), case.path) not in ENDS:
            self.name_things(case)
        try:
            answer = await self.put(case)
        except (HTTPError, InvalidURL, ValueError, TypeError, requests.RequestException):
            self.outcome.unsent += 1
            return
        self.judge(case, f"{case.method.upper()} {case.path}", answer)

    async def put(self, case: Any) -> Response:
        """As the client library would, but signed and with a key over the very bytes sent."""
        parts = case.as_transport_kwargs(base_url=NOWHERE)
        sent = requests.Request(**parts).prepare()
        raw: Any = sent.body
        body: bytes = raw.encode() if isinstance(raw, str) else raw or b""
        headers: dict[str, Any] = {
            name: text for name, text in sent.headers.items() if name.lower() not in OWN
        }
        headers |= self.credentials(case.method.upper(), case.path, body)
        address = str(sent.url).removeprefix(NOWHERE)
        return await self.client.request(
            case.method.upper(), address, content=body, headers=headers
        )

    def name_things(self, case: Any) -> None:
        parts = case.path_parameters
        if not isinstance(parts, dict):
            return
        for name in parts:
            if self.choice.random() < KNOWN_NAMES:
                parts[name] = self.sound.stage.names.get(name, parts[name])

    def credentials(self, method: str, path: str, body: bytes) -> Mapping[str, str]:
        callers = self.sound.stage.callers
        made = {}
        if self.choice.random() < WITH_KEY:
            made["idempotency-key"] = f"fuzz-{self.choice.random()}"
        if self.service == "intake" and path.startswith(SIGNED):
            name, secret = callers.secrets[self.choice.choice(("S", "S", "S", "T"))]
            return made | Platform(self.client, name, secret).headers(body)
        who = self.choice.choice(("D", "E", "M", "L", "A", "O", "B", "N"))
        if self.choice.random() < RIGHTFUL:
            who = asker_of(path, method)
        if who in callers.keys:
            made["authorization"] = f"Bearer {callers.keys[who]}"
        return made

    def judge(self, case: Any, name: str, answer: Response) -> None:
        self.outcome.cases += 1
        self.outcome.statuses[answer.status_code] += 1
        if answer.is_success:
            self.outcome.succeeded.add(name)
        is_fault = answer.status_code >= 500 and answer.status_code not in TOLD_OF
        self.outcome.server_errors += is_fault
        try:
            case.validate_response(answer, checks=[not_a_server_error, *CHECKS][not is_fault :])
        except (FailureGroup, Failure) as failure:
            told = "; ".join(str(one) for one in getattr(failure, "exceptions", [failure]))
            self.outcome.faults.append(f"{name} → {answer.status_code}: {told[:400]}")
        if answer.is_success and answer.headers.get("content-type") == JSON:
            fields = set(unnamed(answer.json(), self.shape_of(name, answer)))
            new = {f"{name}: {field} is not in the document" for field in fields}
            self.outcome.faults += sorted(new - self.outcome.unnamed)
            self.outcome.unnamed |= new

    def shape_of(self, name: str, answer: Response) -> Any:
        """Of a success: its schema in the document."""
        method, _, path = name.partition(" ")
        told = self.document["paths"][path][method.lower()]["responses"]
        one = told.get(str(answer.status_code), {}).get("content", {})
        return one.get(JSON, {}).get("schema", {})


def unnamed(part: Any, shape: Any, at: str = "") -> Iterator[str]:
    """Fields that are answered and that the document does not name."""
    if isinstance(part, list):
        for one in part:
            yield from unnamed(one, shape.get("items", {}), f"{at}[]")
    known = shape.get("properties")
    if isinstance(part, dict) and known is not None:
        for name, value in part.items():
            if name not in known:
                yield f"{at}.{name}"
            else:
                yield from unnamed(value, known[name], f"{at}.{name}")
