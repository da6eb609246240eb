"""Each commit fails once before and once after it. The end must be that of an undisturbed run."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import asyncpg
import pytest

from services.cli.worker import open_sender
from services.dispatch.app import create_app as create_dispatch
from services.intake.app import create_app as create_intake
from services.intake.worker import open_sweeps
from services.scoring.app import create_app as create_scoring
from services.scoring.worker import SWEEPS
from shared.tickets import Hotline
from tests.conftest import Stack, cloned_database, served
from tests.crash.boundaries import BOUNDARIES
from tests.crash.picture import Picture, differences
from tests.crash.scenarios import arriving, calling, comparing, counting, handling
from tests.crash.stage import Nth, Stage
from tests.faults.hook import Cut, install

SERVICES = {"intake": create_intake, "dispatch": create_dispatch, "scoring": create_scoring}
# What is posted to it is a question.
READING = frozenset({"POST /v1/schemes/{scheme}/{version}/trial"})
# Their answer holds a secret and is given once; whoever loses it makes another one.
TOLD_ONCE = frozenset(
    {
        "POST /v1/subscriptions",
        "POST /v1/subscriptions/{subscription}/rotate-secret",
        "POST /v1/tickets/{no}/reveal",
    }
)
# A platform's own: signed, without a key. Done twice, the same call is told twice, by one id.
WITHOUT_KEY = frozenset({"POST /v1/callback/deliveries/{delivery}/replay"})
# A person who loses the answer signs in again; one who has signed out is out.
PERSONS = frozenset({"POST /v1/session", "DELETE /v1/session"})
LEFT_OUT = READING | TOLD_ONCE | WITHOUT_KEY | PERSONS
SCENARIOS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    scenario.__name__: scenario
    for scenario in (
        arriving.arrive,
        arriving.arrive_out_of_order,
        arriving.arrive_spoilt,
        arriving.arrive_with_a_rank,
        handling.go_the_main_path,
        handling.ask_and_decide,
        handling.argue,
        handling.hand_back,
        handling.merge_and_void,
        handling.keep_a_matter,
        handling.declare_an_emergency,
        counting.register,
        counting.draft_and_activate,
        counting.freeze,
        counting.let_time_pass,
        counting.begin_again,
        counting.clear_old_answers,
        counting.fail_and_recover,
        counting.drive_again,
        calling.tell_a_platform,
        calling.tell_one_that_fails,
        calling.give_up_telling,
        calling.tell_a_subscriber,
        calling.tell_platforms_again,
        comparing.compare,
    )
}


def list_points() -> Iterator[tuple[str, int, Cut]]:
    for scenario, commits in BOUNDARIES.items():
        for nth in range(len(commits)):
            for cut in Cut:
                yield scenario, nth, cut


@dataclass(frozen=True)
class Run:
    """What came of one run: the commits it passed, every answer, and all that is stored."""

    passed: tuple[str, ...]
    answers: tuple[str, ...]
    picture: Picture


@dataclass
class Theatre:
    stage: Stage
    undisturbed: dict[str, Run] = field(default_factory=dict)

    async def play(self, scenario: str, *, nth: int | None = None, cut: Cut | None = None) -> Run:
        stage = self.stage
        await stage.begin()
        watch = Nth(stage.current, nth, cut)
        with install(watch):
            await SCENARIOS[scenario](stage)
        return Run(tuple(watch.passed), tuple(stage.answers), await stage.picture())

    async def rehearse(self, scenario: str) -> Run:
        if scenario not in self.undisturbed:
            self.undisturbed[scenario] = await self.play(scenario)
        return self.undisturbed[scenario]


@pytest.fixture(scope="module")
async def theatre(stack: Stack) -> AsyncIterator[Theatre]:
    async with AsyncExitStack() as open_things:
        name = await open_things.enter_async_context(cloned_database(stack))
        settings = stack.settings.model_copy(update={"database_url": stack.url_of(name)})
        clients = {
            service: await open_things.enter_async_context(served(create(settings)))
            for service, create in SERVICES.items()
        }
        hotline = Hotline.open(settings)
        open_things.push_async_callback(hotline.close)
        sender = await open_things.enter_async_context(open_sender(hotline))
        sweeps = [*SWEEPS, *await open_things.enter_async_context(open_sweeps(hotline))]
        superuser = await asyncpg.connect(stack.superuser_url.rsplit("/", 1)[0] + f"/{name}")
        open_things.push_async_callback(superuser.close)
        keys = {**stack.secrets.keys, **stack.secrets.unit_keys}
        stage = Stage(clients, keys, stack.secrets.sources, hotline, sender, sweeps, superuser)
        await stage.prepare()
        yield Theatre(stage)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_commit_that_a_scenario_passes_is_listed(
    theatre: Theatre, scenario: str
) -> None:
    run = await theatre.rehearse(scenario)

    assert run.passed == BOUNDARIES.get(scenario, ()), "\n  ".join((scenario, *run.passed))


async def test_every_operation_that_writes_is_called_by_a_scenario(theatre: Theatre) -> None:
    for scenario in SCENARIOS:
        await theatre.rehearse(scenario)
    offered = {
        f"{method.upper()} {path}"
        for service in SERVICES.values()
        for path, methods in service(theatre.stage.hotline.settings).openapi()["paths"].items()
        for method in methods.keys() & {"post", "put", "patch", "delete"}
    }

    uncalled = {
        one
        for one in offered
        if not any(re.fullmatch(as_pattern(one), call) for call in theatre.stage.called)
    }
    assert {one for one in uncalled - LEFT_OUT if "/sandbox/" not in one} == set()
    assert offered >= LEFT_OUT


def as_pattern(operation: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", operation)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_two_undisturbed_runs_end_alike_and_owe_nothing(
    theatre: Theatre, scenario: str
) -> None:
    first = await theatre.rehearse(scenario)
    second = await theatre.play(scenario)

    assert differences(first.picture, second.picture) == ""
    assert first.answers == second.answers
    assert [row for row in first.picture["deliveries"] if row["parked_at"] is None] == []


@pytest.mark.parametrize(
    ("scenario", "nth", "cut"),
    [
        pytest.param(scenario, nth, cut, id=f"{scenario}-{nth}-{cut}")
        for scenario, nth, cut in list_points()
    ],
)
async def test_a_commit_that_fails_changes_nothing_in_the_end(
    theatre: Theatre, scenario: str, nth: int, cut: Cut
) -> None:
    undisturbed = await theatre.rehearse(scenario)
    disturbed = await theatre.play(scenario, nth=nth, cut=cut)

    assert disturbed.passed[: nth + 1] == undisturbed.passed[: nth + 1]
    assert differences(undisturbed.picture, disturbed.picture) == ""
    assert disturbed.answers == undisturbed.answers
