"""Sentences put together: one ticket's wording, the same for the same draw of chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from shared.sandbox.year.places import Place
from shared.sandbox.year.scenes.scene import Scene
from shared.sandbox.year.texts import phrases
from shared.sandbox.year.texts.findings import Excess

COUNTS = ("两", "三", "四", "五", "六")
MARK = "「模拟」"
OPENINGS_BY_KIND = {
    "consult": phrases.QUESTION_OPENINGS,
    "suggestion": phrases.IDEA_OPENINGS,
    "praise": phrases.THANKS_OPENINGS,
}


@dataclass(frozen=True, slots=True)
class Mood:
    """How the caller comes: by which channel, alarmed or not, in the closed weeks or not."""

    channel: str
    alarming: bool
    lockdown: bool


def write_title(scene: Scene, place: Place) -> str:
    return f"{MARK}{place.road}{scene.topic}"


def write_content(
    rng: Random, scene: Scene, place: Place, *, mood: Mood, excess: Excess | None
) -> str:
    """What the caller says, some 60 to 250 characters: where, what, how bad, what is wanted."""
    fact = rng.choice(scene.facts).format(n=rng.choice(COUNTS))
    if scene.kind != "problem":
        return _write_request(rng, scene, place, fact)
    whens, impacts, priors = _pools(scene, mood)
    parts = [
        rng.choice(phrases.OPENINGS[mood.channel]),
        f"{rng.choice(whens)}，{place.spoken}，{fact}。",
        f"{'，'.join(rng.sample(impacts, rng.choice((1, 2, 2))))}。",
    ]
    if not mood.alarming:
        if rng.random() < 0.8:
            parts.append(rng.choice(priors))
        if not mood.lockdown and rng.random() < 0.65:
            parts.append(rng.choice(phrases.FURTHER))
    demands = phrases.DEMANDS_ALARMING if mood.alarming else phrases.DEMANDS
    parts.append(rng.choice(demands).format(want=scene.want))
    if excess:
        parts.append(f"市民还提出：{excess.demand}。")
    return "".join(parts)


def _pools(scene: Scene, mood: Mood) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    if mood.lockdown:
        return phrases.WHEN_LOCKDOWN, phrases.IMPACTS_LOCKDOWN, phrases.PRIOR_LOCKDOWN
    whens = phrases.WHEN_ALARMING if mood.alarming else phrases.WHEN
    return whens, phrases.IMPACTS[scene.trade], phrases.PRIOR


def _write_request(rng: Random, scene: Scene, place: Place, fact: str) -> str:
    opening = rng.choice(OPENINGS_BY_KIND[scene.kind])
    if scene.kind == "praise":
        further = rng.choice(phrases.FURTHER_THANKS)
        return f"{opening}在{place.spoken}，{fact}。{further}希望向当班人员转达谢意。"
    near = rng.choice(("住在{}附近，", "常在{}一带活动，", "在{}开店，", "每天经过{}，"))
    ending = {
        "consult": ("请主管部门给予解答。", "希望电话回复。", "请告知具体规定和办理途径。"),
        "suggestion": ("希望有关部门研究采纳。", "请予考虑并回复。", "希望能够逐步推广。"),
    }[scene.kind]
    further = rng.choice(phrases.FURTHER_ON_REQUESTS)
    return f"{opening}{near.format(place.spoken)}{fact}。{further}{rng.choice(ending)}"


class Words:
    """The words of one ticket's course: fills the phrases with what this ticket is about."""

    def __init__(
        self, rng: Random, scene: Scene, *, place: Place, caller: str, excess: Excess | None
    ) -> None:
        self._rng = rng
        self._facts = {
            "topic": scene.topic,
            "want": scene.want,
            "spoken": place.spoken,
            "caller": caller,
            "works": rng.choice(scene.works).format(n=rng.choice(COUNTS)),
            "result": scene.result,
            "why": excess.why if excess else "现行规定和现场条件暂不具备",
            "seen": rng.choice(phrases.SEEN_INSTEAD),
            "fact": "属实",
            "section": "",
            "executor": "",
        }

    def know(self, **facts: str) -> None:
        """Take in what became known later: the section, the executor, the finding."""
        self._facts.update(facts)

    def say(self, choices: Sequence[str]) -> str:
        return self._rng.choice(choices).format(**self._facts)
