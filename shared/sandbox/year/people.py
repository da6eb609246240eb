"""Who takes part: callers who cannot exist, and the hands the units put to work."""

from dataclasses import dataclass
from random import Random

_SURNAMES = "张王李陈刘周吴徐孙朱沈陆胡顾金杨施曹严钱潘蒋许戴龚薛汤唐俞倪"
_GIVEN = "模拟"
_NUMBER_PREFIX = "199"


@dataclass(frozen=True, slots=True)
class Caller:
    """A made-up caller (诉求人): the given name says so, the number range is fictitious."""

    name: str
    gender: str
    phone: str

    @property
    def address_term(self) -> str:
        return self.name[0] + ("先生" if self.gender == "male" else "女士")


def make_caller(rng: Random, serial: int) -> Caller:
    return Caller(
        name=rng.choice(_SURNAMES) + _GIVEN,
        gender=rng.choice(("male", "female")),
        phone=fictitious(serial),
    )


def fictitious(serial: int) -> str:
    """A number of eleven digits from a range nobody has: 1990000 and four more."""
    return f"{_NUMBER_PREFIX}{serial:08d}"


SECTIONS = {
    "greening-section": ("绿化管理组", "公共绿地组"),
    "greening-centre": ("行道树养护组", "绿地养护组", "植物保护组", "公园管理组"),
    "chengfa-greening": ("养护一班", "养护二班", "应急抢险班"),
    "appearance-section": ("店招广告组", "责任区管理组", "街面整治组"),
    "sanitation-section": ("作业监管组", "设施管理组"),
    "sanitation-centre": ("道路保洁组", "垃圾收运组", "公厕管理组"),
    "chengfa-sanitation": ("南片作业班", "北片作业班", "清运车队", "应急保洁班"),
    "landscape-section": ("灯光管理组", "节庆布置组"),
}
_SECTION_FOR = {
    ("greening-section", "G-02"): "公共绿地组",
    ("greening-section", "G-05"): "公共绿地组",
    ("greening-centre", "G-01"): "行道树养护组",
    ("greening-centre", "G-02"): "绿地养护组",
    ("greening-centre", "G-03"): "绿地养护组",
    ("greening-centre", "G-04"): "植物保护组",
    ("greening-centre", "G-06"): "公园管理组",
    ("greening-centre", "G-07"): "绿地养护组",
    ("appearance-section", "A-01"): "店招广告组",
    ("appearance-section", "A-02"): "街面整治组",
    ("appearance-section", "A-03"): "街面整治组",
    ("appearance-section", "A-04"): "街面整治组",
    ("appearance-section", "A-06"): "责任区管理组",
    ("sanitation-section", "S-05"): "作业监管组",
    ("sanitation-section", "S-06"): "作业监管组",
    ("sanitation-centre", "S-01"): "道路保洁组",
    ("sanitation-centre", "S-02"): "道路保洁组",
    ("sanitation-centre", "S-03"): "垃圾收运组",
    ("sanitation-centre", "S-04"): "公厕管理组",
    ("sanitation-centre", "S-05"): "垃圾收运组",
    ("sanitation-centre", "S-06"): "垃圾收运组",
    ("sanitation-centre", "S-08"): "道路保洁组",
    ("chengfa-sanitation", "S-03"): "清运车队",
    ("landscape-section", "L-01"): "灯光管理组",
    ("landscape-section", "L-02"): "灯光管理组",
    ("landscape-section", "L-03"): "节庆布置组",
    ("landscape-section", "L-04"): "节庆布置组",
}
_HANDS = {
    "greening-section": ("沈工", "陆工", "顾工"),
    "greening-centre": ("吴工", "朱工", "严工", "倪工", "汤工"),
    "chengfa-greening": ("蒋班长", "许班长", "龚队长"),
    "appearance-section": ("周工", "潘工", "俞工", "薛工"),
    "sanitation-section": ("徐工", "钱工", "孙工"),
    "sanitation-centre": ("胡工", "曹工", "金工", "余工"),
    "chengfa-sanitation": ("杨班长", "刘班长", "戴队长", "唐班长", "陈队长"),
    "landscape-section": ("李工", "王工"),
}
UNIT_NAMES = {
    "greening-section": "绿化管理科",
    "greening-centre": "绿化管理中心",
    "chengfa-greening": "绿化养护作业单位",
    "appearance-section": "市容管理科",
    "sanitation-section": "环卫管理科",
    "sanitation-centre": "环卫管理中心",
    "chengfa-sanitation": "环卫作业单位",
    "landscape-section": "景观管理科",
}
LEADS = {
    "G-01": (("greening-centre", 5), ("chengfa-greening", 5)),
    "G-02": (("chengfa-greening", 6), ("greening-centre", 4)),
    "G-03": (("greening-section", 8), ("greening-centre", 2)),
    "G-04": (("greening-centre", 7), ("chengfa-greening", 3)),
    "G-05": (("greening-section", 1),),
    "G-06": (("greening-centre", 1),),
    "G-07": (("greening-section", 6), ("greening-centre", 4)),
    "S-01": (("chengfa-sanitation", 7), ("sanitation-centre", 3)),
    "S-02": (("chengfa-sanitation", 8), ("sanitation-centre", 2)),
    "S-03": (("chengfa-sanitation", 5), ("sanitation-centre", 4), ("sanitation-section", 1)),
    "S-04": (("chengfa-sanitation", 5), ("sanitation-centre", 5)),
    "S-05": (("sanitation-section", 6), ("sanitation-centre", 4)),
    "S-06": (("sanitation-section", 5), ("sanitation-centre", 5)),
    "S-07": (("chengfa-sanitation", 1),),
    "S-08": (("sanitation-centre", 1),),
}
_ASSISTS = {
    "greening-section": ("greening-centre", "chengfa-greening"),
    "greening-centre": ("chengfa-greening",),
    "sanitation-section": ("chengfa-sanitation", "sanitation-centre"),
    "sanitation-centre": ("chengfa-sanitation",),
    "chengfa-sanitation": ("sanitation-centre",),
    "chengfa-greening": ("greening-centre",),
}
CONTRACTORS = frozenset({"chengfa-sanitation", "chengfa-greening"})


def choose_lead(rng: Random, category: str) -> str:
    """The unit that leads: by category where several share a trade, else the trade's section."""
    if category[0] in "AL":
        return "appearance-section" if category[0] == "A" else "landscape-section"
    units, weights = zip(*LEADS[category], strict=True)
    return str(rng.choices(units, weights)[0])


def choose_assist(rng: Random, lead: str) -> str | None:
    """A unit of the same trade that helps; the trades with one unit have none."""
    candidates = _ASSISTS.get(lead)
    return rng.choice(candidates) if candidates else None


def choose_hand(rng: Random, unit: str, category: str) -> tuple[str, str]:
    """Section and executor (承办人) who answer for the ticket, as typed at accept."""
    section = _SECTION_FOR.get((unit, category)) or rng.choice(SECTIONS[unit])
    return section, rng.choice(_HANDS[unit])
