"""Random histories, written and delivered in disorder: every figure is what the definitions say."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import pytest

from services.scoring.actions.recompute import content_hash, rebuild, recompute
from services.scoring.app import create_app
from shared.tickets import Hotline
from shared.tickets.clock import set_clock, start_clock
from tests.conftest import Stack, Tell, cloned_database, served
from tests.scoring.comparing import Asked, Report, compare_answer
from tests.scoring.drilling import compare_sources
from tests.scoring.kept import compare_facts
from tests.scoring.logbook import BUREAU
from tests.scoring.oracle.adding import add_up, find_all
from tests.scoring.oracle.judging import COUNTS
from tests.scoring.sources import compare_everywhere, read_sources
from tests.scoring.world import NOW, World, open_world

ALL = 500
HISTORIES = int(os.environ.get("MINHU_HISTORIES", "60"))
BYS = ("unit", "section", "executor", "trade", "street", "source", "category")
MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11", "2026-12", "2027-01")
PERIODS = (*MONTHS, "2026", "2027", "2027-03")
SCHEMES = ("ja-default", "qp-2018")
YES_NO = (True, False)
UNIT = "sanitation-section"  # who asks beside the leader
INSTANTS = 6
SAMPLE = 40 if HISTORIES < ALL else 10_000  # questions at each instant
NO, YES = 0, 10
SILENCE = {"unrated", "unreachable", "refused", "not_followed_up", "exempt", "appeal"}
VERDICTS: dict[str, set[int | str]] = {
    "first_contact_rate": {NO, YES, *SILENCE},
    "satisfaction_score": {NO, 6, 8, YES, *SILENCE},
    "first_contact_rate_ops": {NO, YES, "exempt"},
    "timely_reply_rate": {NO, YES, "exempt", "no_reply_needed"},
    "on_time_completion_rate": {NO, YES},
    "on_time_completion_rate_closed": {NO, YES},
    "actual_resolution_rate": {NO, YES, "unvalued"},
    "actual_resolution_rate_reasonable_only": {NO, YES, "unvalued"},
    "actual_resolution_rate_explained_counts": {YES, "unvalued"},
    "timely_accept_rate": {NO, YES},
    "return_rate": {NO, YES},
    "extension_rate": {NO, YES},
    "rework_rate": {NO, YES},
    "repeat_rate": {NO, YES},
    **{metric: {YES} for metric in COUNTS},
}
# What a leader may decide a ticket to be left out for.
DECIDED: set[int | str] = {
    "emergency_line",
    "legal_procedure",
    "unlawful",
    "secret_or_privacy",
    "malicious",
    "duplicate",
    "false_contact",
    "outside_remit",
    "force_majeure",
    "untrue",
}

Question = tuple[str, str, bool, bool, str | None]  # period, by, adjusted, emergency, unit


@dataclass(frozen=True)
class Compared:
    """The world as it ended, and how its figures compared with half of it written.

    `url`: of its database, for who may take any role.
    """

    world: World
    halfway: Report
    url: str


@pytest.fixture(scope="module")
async def compared(stack: Stack) -> AsyncIterator[Compared]:
    async with cloned_database(stack) as name:
        settings = stack.settings.model_copy(update={"database_url": stack.url_of(name)})
        hotline = Hotline.open(settings)
        await start_clock(hotline, NOW)
        await set_clock(hotline, NOW)
        keys = {**stack.secrets.keys, **stack.secrets.unit_keys}
        async with served(create_app(settings)) as client:
            world = await open_world(hotline, client, keys=keys, many=HISTORIES)
            await world.write_half()
            halfway = await compare(world, instants=2, sample=min(SAMPLE // 4, 20))
            await world.write_rest()
            url = stack.superuser_url.rsplit("/", 1)[0] + f"/{name}"
            yield Compared(world, halfway, url)
        await hotline.close()


@pytest.fixture
def world(compared: Compared) -> World:
    return compared.world


async def test_every_figure_is_what_a_slow_independent_calculation_says(
    world: World, tell: Tell
) -> None:
    report = await compare(world, instants=INSTANTS, sample=SAMPLE)

    tell(f"{world.told()}\n{report.told()}")
    assert report.different == []


def test_figures_are_right_at_any_instant_while_much_is_not_taken_in(
    compared: Compared, tell: Tell
) -> None:
    tell(compared.halfway.told())
    assert compared.halfway.different == []


async def compare(world: World, *, instants: int, sample: int) -> Report:
    """As of now and as of some instants of the past. `sample`: how many questions at each."""
    report = Report()
    for known_at in (None, *world.instants(instants)):
        questions: list[Question] = [
            *product(PERIODS, BYS, YES_NO, YES_NO, [None]),
            *product(PERIODS, BYS, [True], [True], [UNIT]),
        ]
        some = world.random.sample(questions, min(sample, len(questions)))
        await compare_instant(world, report, known_at, some)
    return report


async def compare_instant(
    world: World, report: Report, known_at: datetime | None, questions: Sequence[Question]
) -> None:
    then, tickets = world.known(known_at)
    counted = {adjusted: find_all(tickets, then, adjusted=adjusted) for adjusted in YES_NO}
    for period, by, adjusted, emergency, unit in questions:
        groups = add_up(
            counted[adjusted],
            period,
            by,
            now=known_at or NOW,
            emergency=emergency,
            unit=unit,
        )
        for scheme in SCHEMES:
            asked = Asked(period, by, scheme, known_at, adjusted, emergency, unit)
            body = await world.get("/v1/scores", asked.params, who=unit or "leader")
            report.compare((asked, "known_at"), then, datetime.fromisoformat(body["known_at"]))
            compare_answer(report, asked, body, groups, world.kinds)


def test_the_histories_bring_about_every_verdict_of_every_metric(world: World) -> None:
    seen: dict[str, set[int | str]] = {}
    then, tickets = world.known(None)
    for adjusted in YES_NO:
        for _, _, (metric, _, what) in find_all(tickets, then, adjusted=adjusted):
            seen.setdefault(metric, set()).add(what)

    assert {metric: whats - DECIDED for metric, whats in seen.items()} == VERDICTS
    assert len(set.union(*seen.values()) & DECIDED) >= 5


async def test_every_stored_fact_is_what_the_slow_calculation_tells(
    world: World, tell: Tell
) -> None:
    report = await compare_facts(world.hotline, world.known(None)[1])

    tell(report.told())
    assert report.different == []


async def test_facts_taken_in_piece_by_piece_are_those_built_anew(world: World) -> None:
    assert await recompute(world.hotline, BUREAU) == []
    before = await content_hash(world.hotline, BUREAU)

    await rebuild(world.hotline, BUREAU)

    assert await content_hash(world.hotline, BUREAU) == before


async def test_a_figure_is_one_number_wherever_it_is_read(world: World, tell: Tell) -> None:
    report = Report()
    for month in MONTHS if HISTORIES >= ALL else MONTHS[3:4]:
        await compare_sources(world, report, month)
    for known_at in world.instants(3 if HISTORIES >= ALL else 1):
        period, by = world.random.choice(MONTHS), world.random.choice(BYS)
        await compare_sources(world, report, period, by, known_at=known_at)

    tell(report.told())
    assert report.different == []


async def test_views_pages_and_files_hold_the_same_figures(compared: Compared, tell: Tell) -> None:
    report = Report()
    sources = await read_sources(compared.world, compared.url)
    for month in MONTHS:
        await compare_everywhere(compared.world, report, sources, month)

    tell(report.told())
    assert report.different == []
