"""The compaction station's story: a root complaint and its repeats, dying out by the autumn."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random

from shared.domain.calendar import CITY_ZONE
from shared.sandbox.year.agenda import Agenda
from shared.sandbox.year.arrivals import Arrival
from shared.sandbox.year.draft import Draft, Finding, Story
from shared.sandbox.year.drafting import make_draft
from shared.sandbox.year.people import make_caller
from shared.sandbox.year.places import Place
from shared.sandbox.year.scenes.scene import Scene
from shared.sandbox.year.station_texts import ADDRESS, EPISODES, STREET, WHY, Episode
from shared.sandbox.year.texts.compose import MARK

CATEGORY = "S-05"
LEAD = "sanitation-section"
HAND = ("设施管理组", "徐工")
ASSIST = "chengfa-sanitation"
REPLY = "已向市民说明：{works}；{why}，请市民理解。后续将持续跟踪，欢迎监督。"
PLACE = Place(STREET, ADDRESS, "示例路168号压缩站", "示例路", 121.463, 31.262)
SCENE = Scene(
    CATEGORY, "压缩站扰民", ("压缩站作业扰民",), "搬迁压缩站", ("现场督办",), "措施已落实"
)
RETURNING_CALLERS = 4


def make_story(rng: Random, agenda: Agenda, *, episodes: int) -> list[Draft]:
    """The story's drafts in order; the plan has the later ones name the first as their root."""
    callers = [make_caller(rng, 9000 + n) for n in range(RETURNING_CALLERS)]
    drafts: list[Draft] = []
    for n, episode in enumerate(EPISODES[:episodes]):
        plain = make_draft(
            rng,
            _arrival(rng, agenda, episode),
            scene=SCENE,
            appeal_type="complaint",
            urgency="normal",
            calendar=agenda.calendar,
        )
        draft = _as_told(plain, episode, count=n)
        caller = callers[0] if n % 3 else callers[n // 3 % RETURNING_CALLERS]
        drafts.append(replace(draft, caller=caller))
    return drafts


def _arrival(rng: Random, agenda: Agenda, episode: Episode) -> Arrival:
    pushed = agenda.on(episode.day)[episode.sitting]
    dispatched = pushed - timedelta(minutes=2, seconds=rng.randrange(60))
    morning = datetime.combine(episode.day, time(6, 5), CITY_ZONE)
    return Arrival(morning + timedelta(minutes=rng.randrange(30)), dispatched, pushed)


def _as_told(draft: Draft, episode: Episode, *, count: int) -> Draft:
    words = {"works": episode.works, "why": WHY}
    story = Story(
        works=episode.works,
        summary=episode.summary,
        reply=REPLY.format(**words),
        visits=episode.visits,
        rating=episode.rating,
        root_no=None,
        count=count,
        closing=episode.closing,
    )
    finding = Finding(
        "explained",
        appeal="excessive",
        appeal_note=f"{WHY}；已落实降噪、除臭、清堆和外运提前等措施。",
        fact=episode.fact,
        fact_note="站内措施已落实，个别情况与反映有出入。" if episode.fact != "true" else None,
    )
    return replace(
        draft,
        letter="C",
        mood=replace(draft.mood, channel="phone"),
        place=PLACE,
        title=f"{MARK}{episode.title}",
        content=episode.content,
        lead=LEAD,
        hand=HAND,
        assist=ASSIST,
        contact_by="desk",
        finding=finding,
        excess=None,
        kind="transfer",
        is_anonymous=False,
        is_confidential=False,
        need_reply=True,
        complex_approved=False,
        is_twin=False,
        upstream_due=None,
        story=story,
    )
