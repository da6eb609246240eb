"""Which matter a ticket is about: by kind of request, by trade, by season, by lockdown."""

from collections.abc import Mapping
from datetime import date
from random import Random

from shared.sandbox.year.agenda import is_lockdown
from shared.sandbox.year.scenes.appearance import APPEARANCE
from shared.sandbox.year.scenes.greening import GREENING
from shared.sandbox.year.scenes.landscape import LANDSCAPE
from shared.sandbox.year.scenes.lockdown import LOCKDOWN
from shared.sandbox.year.scenes.requests import REQUESTS
from shared.sandbox.year.scenes.sanitation import SANITATION
from shared.sandbox.year.scenes.scene import Scene

TRADE_SHARES: Mapping[str, int] = {
    "sanitation": 47,
    "greening": 28,
    "appearance": 17,
    "landscape": 8,
}
PROBLEMS = (*GREENING, *SANITATION, *APPEARANCE, *LANDSCAPE)
LOCKDOWN_SHARE = 0.65
POSSIBLE_INDOORS = frozenset(
    {
        "小区树木遮光",
        "小区飞絮扰民",
        "悬铃木果毛飘散",
        "行道树枯枝悬挂",
        "行道树遮挡居民窗户",
        "垃圾箱房异味",
        "垃圾桶满溢",
        "清运作业噪声扰民",
        "大件垃圾堆放",
        "暴露垃圾无人清理",
        "小区树木修剪如何申请",
        "装修垃圾如何清运",
        "大件垃圾预约和分类",
        "增设误时投放点",
        "优化清扫时段",
        "感谢垃圾清运班组",
    }
)


def choose_scene(rng: Random, day: date, kind: str) -> Scene:
    """A scene of that kind for that day; while the city is closed, what is seen from a window."""
    scenes = tuple(scene for scene in (*PROBLEMS, *REQUESTS) if scene.kind == kind)
    if is_lockdown(day):
        if kind == "problem" and rng.random() < LOCKDOWN_SHARE:
            scenes = LOCKDOWN
        else:
            scenes = tuple(scene for scene in scenes if scene.topic in POSSIBLE_INDOORS)
    weights = [_weight(scene, day.month, scenes) for scene in scenes]
    return rng.choices(scenes, weights)[0]


def _weight(scene: Scene, month: int, among: tuple[Scene, ...]) -> float:
    in_trade = sum(other.trade == scene.trade for other in among)
    yearly = sum(map(int, scene.months)) / 12
    return TRADE_SHARES[scene.trade] / in_trade * int(scene.months[month - 1]) / yearly
