"""The whole course: push, work, read, disturb, collect, search; then plant and search again."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.canary import collecting, disturbing, planting, pushing, reading, working
from tests.canary.asking import CITY, DISTRICT, Crew, open_crew, open_file, side_by_side
from tests.canary.forms import Needle, make_needles
from tests.canary.people import MOST, Person
from tests.canary.search import Hit, search, search_files
from tests.canary.stage import Stage, connect, open_stage
from tests.intake.receiver import Receiver, receiving

PLACES = (
    *("logs", "answers", "errors", "exports", "messages", "metrics", "redis"),
    *("database", "views", "commands", "anchors"),
)
BROKEN, CUT = 3, 40
MOST_WALKED, MOST_WORKED_ON, MOST_TOLD_OF = 150, 900, 2_000  # spread over all
FEW = 50  # people; with more, there is the time for every command


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


def run(folder: Path, count: int, say: Say, *, loud: bool = False) -> Course:
    """`loud`: the libraries tell all they can, and Postgres' own files are searched as well."""
    with open_stage(folder, loud=loud) as stage:
        return asyncio.run(go(stage, count, say, loud=loud))


async def go(stage: Stage, count: int, say: Say, *, loud: bool) -> Course:
    course = Course(count)
    began = time.monotonic()

    def note(what: str) -> None:
        say(f"{time.monotonic() - began:5.0f} 秒  {what}")

    crew = open_crew(stage)
    try:
        async with receiving() as receiver:
            await subscribe(crew, receiver)
            await put_all_through(stage, crew, course, note)
            await collect_all(stage, crew, receiver, course)
            note(f"各处已收齐，共 {course.calls} 次请求，回调 {course.heard} 次")
            look_everywhere(stage, crew, course, loud=loud)
            note(f"找过 {sum(course.searched.values()) // 1024**2} MB，{len(course.hits)} 处泄露")
            await planting.plant(stage, crew, receiver.url)
            keep_messages(stage, receiver)
            note(f"埋下的在 {len(PLACES) - len(look_for_planted(stage, course))} 处找到")
    finally:
        await crew.close()
    return course


async def collect_all(stage: Stage, crew: Crew, receiver: Receiver, course: Course) -> None:
    await reading.read_metrics(crew, stage.place("metrics"))
    await export(crew, stage)
    many = course.people > FEW
    collecting.say_all(stage, collecting.COMMANDS if many else collecting.FEW_COMMANDS)
    stage.stop_services()
    await collecting.collect(stage)
    course.calls, course.heard = sum(crew.done.values()), len(receiver.heard)
    keep_messages(stage, receiver)


def look_everywhere(stage: Stage, crew: Crew, course: Course, *, loud: bool) -> None:
    needles = make_needles()
    course.hits = search_places(stage, course, needles)
    if loud:
        course.hits += search_disk(stage, course, needles)
    course.revealed = sum(bool(search("", one, needles)) for one in crew.revealed)
    judge(crew, course)


def look_for_planted(stage: Stage, course: Course) -> list[str]:
    """Where it lies and was not found: by the same search, for what is as it is."""
    plain = tuple(one for one in make_needles() if one.form == "plain, utf-8")
    hits = search_places(stage, Course(course.people), plain)
    found = {hit.place.partition("/")[0] for hit in hits}
    course.blind = [name for name in PLACES if name not in found]
    return course.blind


async def put_all_through(stage: Stage, crew: Crew, course: Course, note: Say) -> None:
    people = [Person(number * MOST // course.people) for number in range(course.people)]
    await side_by_side(pushing.create(crew, one) for one in people)
    await crew.settle()
    note(f"已推送 {len(people)} 人")
    numbers = await reading.read_numbers(crew)
    worked = spread(people, MOST_WORKED_ON)
    walks = max(1, min(len(people) // 10, MOST_WALKED))
    await side_by_side(working.workings(crew, worked, numbers, walks=walks))
    await reading.work_on_matters(crew, people[1], numbers)
    await reading.write_registers(crew, people[1])
    note("已办理")
    await side_by_side(pushing.tellings(crew, spread(people, MOST_TOLD_OF)))
    await crew.settle()
    note("已更正、已误投")
    own = await connect(stage)
    await disturbing.break_writes(crew, people[BROKEN : 2 * BROKEN], numbers, own)
    course.struck = await disturbing.cut(crew, people[:CUT], numbers, own)
    await own.close()
    await reading.redrive(crew)
    await crew.settle()
    note(f"已断开、取消语句 {course.struck} 次")
    await reading.read_lists(crew)


def spread(people: list[Person], most: int) -> list[Person]:
    """So many of them, in even steps."""
    return people[:: -(-len(people) // most)]


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


def search_places(stage: Stage, course: Course, needles: tuple[Needle, ...]) -> list[Hit]:
    files = [
        (name, one) for name in PLACES for one in stage.place(name).rglob("*") if one.is_file()
    ]
    for name, file in files:
        course.searched[name] = course.searched.get(name, 0) + file.stat().st_size
    return search_files(files, needles)


def search_disk(stage: Stage, course: Course, needles: tuple[Needle, ...]) -> list[Hit]:
    files = [("disk", one) for one in collecting.data_files(stage)]
    course.searched["disk"] = sum(one.stat().st_size for _, one in files)
    return search_files(files, needles)


def judge(crew: Crew, course: Course) -> None:
    """Each step has to have been taken at least once, or nothing was shown by it."""
    steps = sorted({action for _, action, _ in working.along(Person(0))})
    done = {what for what, status in crew.done if status < 300}
    course.actions = len(done.intersection(steps))
    course.failed = [one for one in steps if one not in done]


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
