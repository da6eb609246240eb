"""How a ticket is drafted: chance decides who calls how, the rules what may be decided."""

from dataclasses import replace
from random import Random
from typing import Any

from shared.domain.calendar import WorkCalendar
from shared.sandbox.year.agenda import is_lockdown
from shared.sandbox.year.arrivals import YEAR_END_DUE, Arrival
from shared.sandbox.year.draft import Draft, Finding
from shared.sandbox.year.people import choose_assist, choose_hand, choose_lead, make_caller
from shared.sandbox.year.places import choose_place
from shared.sandbox.year.scenes.scene import Scene
from shared.sandbox.year.texts import findings
from shared.sandbox.year.texts.compose import Mood, write_content, write_title
from shared.sandbox.year.texts.findings import Excess

CITY_SHARE = 0.68
CHANNELS = (("phone", 70), ("app", 14), ("wechat", 8), ("web", 7), ("letter", 1))
KINDS = (("problem", 838), ("consult", 76), ("suggestion", 62), ("praise", 24))
PROBLEM_TYPES = (("complaint", 64), ("help", 27), ("report", 9))


def pick(rng: Random, table: tuple[tuple[str, int], ...]) -> str:
    words, weights = zip(*table, strict=True)
    return str(rng.choices(words, weights)[0])


def choose_appeal_type(rng: Random) -> str:
    kind = pick(rng, KINDS)
    return pick(rng, PROBLEM_TYPES) if kind == "problem" else kind


def kind_of(appeal_type: str) -> str:
    return appeal_type if appeal_type in {"consult", "suggestion", "praise"} else "problem"


def choose_urgency(rng: Random, scene: Scene, *, lockdown: bool) -> str:
    """Alarming scenes come urgent at times; exposed current always, old trees one step below."""
    if "漏电" in scene.topic:
        return "urgent"
    if scene.category == "G-03":
        return "sub_urgent"
    if not scene.alarming:
        return "normal"
    shares = (("urgent", 24), ("sub_urgent", 30), ("normal", 46))
    if not lockdown:
        shares = (("urgent", 6), ("sub_urgent", 13), ("normal", 81))
    return pick(rng, shares)


def make_draft(
    rng: Random,
    arrival: Arrival,
    *,
    scene: Scene,
    appeal_type: str,
    urgency: str,
    calendar: WorkCalendar,
) -> Draft:
    lockdown = is_lockdown(arrival.pushed_at.date())
    mood = Mood(pick(rng, CHANNELS), alarming=urgency != "normal", lockdown=lockdown)
    place = choose_place(rng, scene.category)
    wants_more = scene.kind == "problem" and rng.random() < 0.085
    excess = rng.choice(findings.EXCESSES[scene.trade]) if wants_more else None
    lead = choose_lead(rng, scene.category)
    manner = _choose_manner(rng, appeal_type)
    anonymous = manner["is_anonymous"]
    caller = None if anonymous and rng.random() < 0.5 else make_caller(rng, 0)
    draft = Draft(
        serial=0,
        letter="C" if rng.random() < CITY_SHARE else "D",
        arrival=arrival,
        scene=scene,
        place=place,
        caller=caller,
        appeal_type=appeal_type,
        urgency=urgency,
        mood=mood,
        title=write_title(scene, place),
        content=write_content(rng, scene, place, mood=mood, excess=excess),
        lead=lead,
        hand=choose_hand(rng, lead, scene.category),
        assist=choose_assist(rng, lead) if _needs_help(rng, scene) else None,
        contact_by="desk" if manner["is_confidential"] or rng.random() < 0.6 else "unit",
        finding=_choose_finding(rng, appeal_type, excess),
        excess=excess,
        kind=_choose_kind(rng, appeal_type, urgency),
        complex_approved=scene.category in {"A-03", "S-06", "G-02"} and rng.random() < 0.06,
        is_twin=urgency == "normal" and scene.kind == "problem" and rng.random() < 0.012,
        **manner,
    )
    return _with_upstream_due(rng, draft, calendar)


def _needs_help(rng: Random, scene: Scene) -> bool:
    return scene.kind == "problem" and rng.random() < 0.13


def _choose_manner(rng: Random, appeal_type: str) -> dict[str, Any]:
    draw = rng.random()
    anonymous = draw < 0.035
    confidential = not anonymous and draw < 0.065
    silent = not anonymous and (appeal_type == "praise" or rng.random() < 0.018)
    return {
        "is_anonymous": anonymous,
        "is_confidential": confidential,
        "need_reply": not silent,
    }


def _choose_kind(rng: Random, appeal_type: str, urgency: str) -> str:
    if appeal_type not in {"complaint", "help"} or urgency != "normal":
        return "transfer"
    return pick(rng, (("transfer", 985), ("supervised", 12), ("state_council", 3)))


def _choose_finding(rng: Random, appeal_type: str, excess: Excess | None) -> Finding:
    if appeal_type == "praise":
        return Finding("other")
    if appeal_type == "consult":
        return Finding("explained", fact="policy_found")
    if appeal_type == "suggestion":
        return _finding_on_idea(rng)
    return _finding_of_excess(rng, excess) if excess else _finding_on_problem(rng)


def _finding_of_excess(rng: Random, excess: Excess) -> Finding:
    """True facts, a demand that cannot be met: mostly explained, at times mended all the same."""
    true = rng.random() < 0.8
    return Finding(
        "explained" if rng.random() < 0.75 else "resolved",
        appeal=excess.finding,
        appeal_note=f"{excess.why}。",
        fact="true" if true else "partly_true",
        fact_note=None if true else rng.choice(findings.PARTLY_TRUE_NOTES),
    )


def _finding_on_problem(rng: Random) -> Finding:
    """Whatever is true and reasonable gets resolved; what is not true is explained."""
    draw = rng.random()
    if draw < 0.05:
        return Finding("explained", fact="untrue", fact_note=rng.choice(findings.UNTRUE_NOTES))
    if draw < 0.15:
        note = rng.choice(findings.PARTLY_TRUE_NOTES)
        return Finding("resolved", fact="partly_true", fact_note=note)
    return Finding("resolved", fact="true")


def _finding_on_idea(rng: Random) -> Finding:
    draw = rng.random()
    if draw < 0.55:
        return Finding("resolved", fact="adopted")
    if draw < 0.85:
        note = rng.choice(findings.PARTLY_ADOPTED_NOTES)
        return Finding("explained", fact="partly_adopted", fact_note=note)
    return Finding("explained", fact="kept", fact_note=rng.choice(findings.KEPT_NOTES))


def _with_upstream_due(rng: Random, draft: Draft, calendar: WorkCalendar) -> Draft:
    """Half the messages name their limit; near the year's end the platform wants all closed."""
    computed = calendar.end_of_workday_after(draft.arrival.dispatched_at, draft.limit)
    if computed > YEAR_END_DUE:
        return replace(draft, upstream_due=YEAR_END_DUE)
    return replace(draft, upstream_due=computed) if rng.random() < 0.5 else draft
