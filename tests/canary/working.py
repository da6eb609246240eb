"""What desk, units and leaders write: in every field that takes words, the caller's."""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.canary.asking import Crew
from tests.canary.people import Person
from tests.factories import BODIES

LEAD, ASSIST = "sanitation-section", "chengfa-sanitation"
UNHAPPY = {"reached": "yes", "overall": "dissatisfied", "attitude": "neutral", "solved": "no"}
YES = {"granted": True}
NO = {"granted": False}


SOUGHT = (
    ("dispatch", "tickets?q="),
    ("dispatch", "tickets?limit=1&q="),
    ("dispatch", "tickets?caller_phone="),
    ("dispatch", "tickets?street="),
    ("dispatch", "tickets?limit="),
    ("dispatch", "tickets?cursor="),
    ("dispatch", "tickets?received_from="),
    ("dispatch", "tickets/"),
    ("dispatch", "matters?q="),
    ("dispatch", "matters/"),
    ("dispatch", "subscriptions/"),
    ("dispatch", "events?after="),
    ("dispatch", "nothing/"),
    ("scoring", "scores?by=executor&period=2026-11&scheme="),
    ("scoring", "scores/tickets?period=2026-11&metric=repeat_rate&part=den&key="),
    ("scoring", "facts?updated_after="),
    ("scoring", "city-ranks?scope="),
    ("scoring", "schemes/"),
    ("scoring", "scores?period="),
    ("intake", "reconciliation-cases?source="),
    ("intake", "sources/"),
)


def short(person: Person) -> str:
    """In a field of a hundred characters."""
    return f"李工 {person.name} {person.phone}"


def along(person: Person) -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """The whole way of a ticket, with every step that has words in it."""
    said, brief = person.words[:480], short(person)
    visit = {
        "findings": said,
        "participants": [brief],
        "commitments": [{"text": said, "owner": brief, "due_on": "2026-11-20"}],
    }
    feedback = {**BODIES["feedback"], "summary": said, "appeal_finding": "excessive"}
    feedback |= {"fact_finding": "partly_true", "fact_note": said, "appeal_note": said}
    why = {"reason_code": "not_ours", "reason": said}
    return (
        ("desk", "triage", BODIES["triage"]),
        ("desk", "dispatch", {"lead": LEAD, "instruction": said}),
        (LEAD, "return", why),
        ("desk", "decide-return", {**YES, "comment": said}),
        ("desk", "dispatch", {"lead": LEAD, "assists": [ASSIST], "instruction": said}),
        (LEAD, "accept", {"executor": brief, "section": brief}),
        (ASSIST, "accept", {"executor": brief}),
        (LEAD, "contact", {**BODIES["contact"], "content": said, "call_id": person.phone}),
        ("desk", "contact", {**BODIES["contact"], "content": said, "call_id": brief}),
        (LEAD, "reveal", {"field": "phone", "reason_code": "contact_caller", "reason": said}),
        ("desk", "reveal", {"field": "name", "reason_code": "contact_caller", "reason": said}),
        (ASSIST, "dispose", {"text": said, "site_check": "yes", "done": True}),
        (LEAD, "dispose", {"text": said, "site_check": "yes"}),
        (LEAD, "site-visit", visit),
        (LEAD, "request-extension", {"reason_code": "weather", "reason": said, "days": 2}),
        ("leader", "decide-extension", {**NO, "comment": said}),
        ("desk", "urge", {"text": said}),
        ("leader", "supervise", {"text": said, "level": 2}),
        (LEAD, "feedback", feedback),
        ("desk", "reject-feedback", {"comment": said}),
        (LEAD, "feedback", feedback),
        ("desk", "reply", {"mode": "phone", "reply_points": said, "citizen_feedback": said}),
        ("desk", "complete", {}),
        ("desk", "follow-up", UNHAPPY),
        (LEAD, "appeal", {"verdict": "follow_up", "reason": said, "evidence": [said]}),
        ("leader", "decide-appeal", {**NO, "comment": said}),
        ("desk", "exclude", {"reason_code": "malicious", "reason": said}),
        ("leader", "decide-exclusion", {**NO, "comment": said}),
        ("desk", "void", {"reason": said}),
        ("leader", "confirm-void", {**NO, "comment": said}),
        ("desk", "triage", BODIES["triage"]),
        ("desk", "request-upstream-return", {**why, "suggested_owner": brief}),
    )


async def walk(crew: Crew, person: Person, no: str) -> None:
    contact: str | None = None
    for who, action, body in along(person):
        sent = dict(body)
        if action == "feedback" and contact is not None:
            sent["contact_id"] = contact
        answer = await crew.act(who, no, action, **sent)
        if action == "contact" and answer.is_success:
            contact = answer.json()["contacts"][-1]["id"]
    await look(crew, no)


async def look(crew: Crew, no: str) -> None:
    """Everything that shows one ticket, to whoever may ask."""
    for who in ("desk", "leader", "admin", LEAD, ASSIST, "greening-section"):
        for path in ("", "/events", "/clocks", "/viewers"):
            await crew.ask("dispatch", who, "GET", f"/v1/tickets/{no}{path}", what=f"ticket{path}")
    await crew.ask("scoring", "leader", "GET", f"/v1/tickets/{no}/figures", what="figures")


async def err(crew: Crew, person: Person, no: str) -> None:
    """Wrong in every way that an answer, a log or a record might repeat."""
    said, name, phone = person.words, person.name, person.phone
    at = f"/v1/tickets/{no}"
    for body in (
        {"result": phone, "mode": name, "content": [said], phone: name},
        {"result": "reached", "mode": "phone", "content": said * 40},
        {"result": "reached", "mode": "phone", "content": said[:400], "at": phone},
        f'{{"content": "{phone}", "content": "{name}", "{phone}": 1, "{phone}": 2}}'.encode(),
        f'{{"content": "{phone}" {name}'.encode(),
        f'{{"{name}": "\\u0000"}}'.encode(),
    ):
        await crew.ask("dispatch", "desk", "POST", f"{at}/contact", what="err", body=body)
    link = {"kind": "recording", "url": f"https://files.example/{phone}.wav"}
    named = {"kind": "document", "url": f"https://files.example/{quote(name)}.pdf"}
    for file in (link, named):
        await crew.act(LEAD, no, "dispose", text="冲洗", site_check="yes", attachments=[file])
    for who, action in (("desk", "feedback"), ("bi", "triage"), ("greening-section", "accept")):
        await crew.act(who, no, action, text=said, comment=name)
    await crew.act("desk", no, "merge", into=phone)
    await crew.act("desk", no, "dispatch", lead=phone, assists=[name], instruction=said[:400])
    headers = {"Idempotency-Key": f"call {phone}", "If-Match": f'"{phone}"', "traceparent": phone}
    await crew.act("desk", no, "urge", text=said[:400], headers=headers)
    headers = {"Idempotency-Key": f"urge {phone}", "X-Forwarded-For": phone, "Cookie": phone}
    for one in (said[:400], said[:399]):
        await crew.act("desk", no, "urge", text=one, headers={**headers, "User-Agent": phone})


async def seek(crew: Crew, person: Person, _: str) -> None:
    """In addresses and queries, of routes that exist and that do not."""
    name, phone = quote(person.name), person.phone
    for place, (service, path) in enumerate(SOUGHT):
        word = (name, phone, f"%2B86%20{phone}")[(person.number + place) % 3]
        await crew.ask(service, "admin", "GET", f"/v1/{path}{word}", what="seek")
    tail = f"/v1/tickets?{phone}={name}&{name}=1&q={phone}"
    for who in ("desk", "bi", LEAD, "nobody"):
        await crew.ask("dispatch", who, "GET", tail, what="seek")
    wrong = {"Authorization": f"Bearer {phone}"}
    await crew.ask("dispatch", "nobody", "GET", "/v1/tickets", what="seek", headers=wrong)
    await crew.ask("dispatch", "nobody", "TRACE", f"/v1/{phone}", what="seek")


async def sign_in(crew: Crew, person: Person, _: str) -> None:
    """Somebody who takes the fields for something else."""
    for body in (
        {"account": person.phone, "password": person.name},
        {"account": person.name, "password": person.phone, "code": person.phone},
        {person.name: person.phone},
    ):
        await crew.ask("dispatch", "nobody", "POST", "/v1/session", what="sign in", body=body)


WORKINGS = (err, seek, sign_in)


def workings(
    crew: Crew, people: Sequence[Person], numbers: Mapping[str, str], *, walks: int
) -> Iterator[Awaitable[None]]:
    """So many the whole way, spread over all; the rest one of the other ways."""
    step = max(1, len(people) // walks)
    for place, person in enumerate(people):
        no = numbers[f"SH-{person.tail}"]
        yield walk(crew, person, no) if place % step == 0 else WORKINGS[place % 3](crew, person, no)
