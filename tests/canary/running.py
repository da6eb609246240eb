"""The whole course: push, work, read, disturb, collect, search; then plant and search again."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.canary import collecting, disturbing, planting, pushing, reading, working
from tests.canary.asking import CITY, DISTRICT, Crew, open_crew, open_file, side_by_side
from tests.canary.forms import make_needles
from tests.canary.people import Person
from tests.canary.search import Hit, search, search_file
from tests.canary.stage import Stage, connect, open_stage
from tests.intake.receiver import Receiver, receiving

PLACES = (
    *("logs", "answers", "errors", "exports", "messages", "metrics", "redis"),
    *("database", "views", "commands", "anchors"),
)
MOST_ON_DISK = 1_000  # people; beyond, the data files are too many to be looked through
BROKEN, CUT = 3, 40


@dataclass
class Course:
    """`hits`: what was found that nobody may see; `blind`: places where nothing was found though
    it lay there. `revealed`: whether the one allowed answer shows what it may."""

    people: int
    hits: list[Hit] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    searched: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    actions: int = 0
    failed: list[str] = field(default_factory=list)
    revealed: int = 0
    struck: int = 0
    heard: int = 0


Say = Callable[[str], None]


def run(folder: Path, count: int, say: Say) -> Course:
    with open_stage(folder) as stage:
        return asyncio.run(go(stage, count, say))


async def go(stage: Stage, count: int, say: Say) -> Course:
    people = [Person(number * 10_000 // count) for number in range(count)]
    course = Course(count)
    crew = open_crew(stage)
    async with hearing(stage) as receiver:
        began = time.monotonic()

        def note(what: str) -> None:
            say(f"{time.monotonic() - began:5.0f} 秒  {what}")

        await subscribe(crew, receiver)
        course.struck = await put_through(stage, crew, people, note)
        await reading.read_metrics(crew, stage.place("metrics"))
        await export(crew, stage)
        for words in collecting.COMMANDS:
            collecting.say(stage, *words)
        stage.stop_services()
        await collecting.collect(stage)
        course.calls, course.heard = sum(crew.done.values()), len(receiver.heard)
        note(f"各处已收齐，共 {course.calls} 次请求，回调 {course.heard} 次")
        keep_messages(stage, receiver)
        course.hits = search_places(stage, course)
        if count <= MOST_ON_DISK:
            course.hits += search_disk(stage, course)
        course.revealed = sum(bool(search("", one, make_needles())) for one in crew.revealed)
        judge(crew, course)
        note(f"找过 {sum(course.searched.values()) // 1024**2} MB，{len(course.hits)} 处泄露")
        await planting.plant(stage, crew, receiver.url)
        keep_messages(stage, receiver)
        found = {hit.place.partition("/")[0] for hit in search_places(stage, Course(count))}
        course.blind = [name for name in PLACES if name not in found]
        note(f"埋下的在 {len(found)} 处找到")
    for client in crew.clients.values():
        await client.aclose()
    return course


async def put_through(stage: Stage, crew: Crew, people: Sequence[Person], note: Say) -> int:
    """How often sessions were cut."""
    await side_by_side(pushing.create(crew, one) for one in people)
    await crew.settle()
    note(f"已推送 {len(people)} 人")
    numbers = await reading.read_numbers(crew)
    walks = max(3, min(len(people) // 10, 200))
    await side_by_side(working.workings(crew, people, numbers, walks=walks))
    await reading.work_on_matters(crew, people[1], numbers)
    await reading.write_registers(crew, people[1])
    note("已办理")
    await side_by_side(pushing.tellings(crew, people))
    await crew.settle()
    note("已更正、已误投")
    own = await connect(stage)
    await disturbing.break_writes(crew, list(people[:BROKEN]), numbers, own)
    struck = await disturbing.cut(crew, list(people[:CUT]), numbers, own)
    await own.close()
    collecting.say(stage, "dead-letters", "list")
    collecting.say(stage, "dead-letters", "redrive", "--subscriber", "intake")
    await crew.settle()
    note(f"已断开、取消语句 {struck} 次")
    await reading.read_lists(crew)
    return struck


async def subscribe(crew: Crew, receiver: Receiver) -> None:
    told = f'{{"url":"{receiver.url}"}}'.encode()
    for source in (CITY, DISTRICT):
        platform = crew.platforms[source]
        answer = await platform.client.put(
            "/v1/callback", content=told, headers=platform.headers(told)
        )
        assert answer.is_success, answer.text
    for who in (working.LEAD, "admin"):
        body = {"url": receiver.url, "types": ["*"]}
        answer = await crew.ask("dispatch", who, "POST", "/v1/subscriptions", body=body)
        assert answer.is_success, answer.text


async def export(crew: Crew, stage: Stage) -> None:
    """Files as they are handed out, with the names and watermarks they are given."""
    for name, path in (
        ("facts.csv", "/v1/facts?format=csv"),
        ("facts.json", "/v1/facts?format=json&limit=500"),
        ("scores.json", "/v1/scores?period=2026-11&by=executor"),
    ):
        answer = await crew.ask("scoring", "leader", "GET", path)
        assert answer.is_success, answer.text
        (stage.place("exports") / name).write_bytes(str(answer.headers).encode() + answer.content)


def keep_messages(stage: Stage, receiver: Receiver) -> None:
    """What was sent to platforms and units, heads and bodies."""
    with open_file(stage.place("messages") / "heard.txt") as out:
        for one in receiver.heard:
            out.write(repr(one.headers).encode() + b"\n" + one.body + b"\n")
    receiver.heard.clear()


def search_places(stage: Stage, course: Course) -> list[Hit]:
    needles, hits = make_needles(), []
    for name in PLACES:
        files = [one for one in stage.place(name).rglob("*") if one.is_file()]
        course.searched[name] = sum(one.stat().st_size for one in files)
        hits += [hit for file in files for hit in search_file(name, file, needles)]
    return hits


def search_disk(stage: Stage, course: Course) -> list[Hit]:
    needles, files = make_needles(), collecting.data_files(stage)
    course.searched["disk"] = sum(one.stat().st_size for one in files)
    return [hit for file in files for hit in search_file("disk", file, needles)]


def judge(crew: Crew, course: Course) -> None:
    """Each step has to have been taken at least once, or nothing was shown by it."""
    steps = sorted({action for _, action, _ in working.along(Person(0))})
    done = {what for what, status in crew.done if status < 300}
    course.actions = len(done.intersection(steps))
    course.failed = [one for one in steps if one not in done]


@asynccontextmanager
async def hearing(stage: Stage) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
