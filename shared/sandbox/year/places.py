"""Where it happens: the thirteen streets and the town of the district, and made-up spots there."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Place:
    """A spot: the street it lies in, its address, and how a caller names it."""

    street: str
    address: str
    spoken: str
    road: str
    lng: float
    lat: float


@dataclass(frozen=True, slots=True)
class Street:
    """A street (街道) or town: roads that run through it, weight, rough centre."""

    name: str
    roads: tuple[str, ...]
    weight: int
    lng: float
    lat: float


STREETS = (
    Street("江宁路街道", ("江宁路", "昌平路", "西康路", "新丰路", "淮安路"), 8, 121.445, 31.244),
    Street("石门二路街道", ("石门二路", "新闸路", "山海关路", "成都北路"), 5, 121.459, 31.237),
    Street("南京西路街道", ("南京西路", "威海路", "茂名北路", "陕西北路"), 7, 121.456, 31.229),
    Street("静安寺街道", ("华山路", "愚园路", "常熟路", "延安中路"), 5, 121.441, 31.224),
    Street("曹家渡街道", ("万航渡路", "康定路", "武宁南路", "余姚路"), 7, 121.434, 31.236),
    Street("天目西路街道", ("恒丰路", "天目西路", "长安路", "梅园路"), 5, 121.451, 31.249),
    Street("北站街道", ("河南北路", "海宁路", "浙江北路", "曲阜路"), 7, 121.474, 31.246),
    Street("宝山路街道", ("宝山路", "宝昌路", "青云路", "鸿兴路"), 7, 121.477, 31.256),
    Street("芷江西路街道", ("芷江西路", "中山北路", "西藏北路", "普善路"), 8, 121.463, 31.262),
    Street("共和新路街道", ("共和新路", "延长路", "洛川东路", "柳营路"), 9, 121.458, 31.272),
    Street("大宁路街道", ("大宁路", "广中西路", "灵石路", "粤秀路"), 9, 121.450, 31.280),
    Street("彭浦新村街道", ("临汾路", "闻喜路", "平顺路", "三泉路"), 11, 121.447, 31.309),
    Street("临汾路街道", ("阳曲路", "汾西路", "景凤路", "岭南路"), 8, 121.461, 31.312),
    Street("彭浦镇", ("汶水路", "万荣路", "沪太路", "原平路"), 12, 121.437, 31.294),
)
TOWN_AND_STREETS = tuple(street.name for street in STREETS)
_WEIGHTS = tuple(street.weight for street in STREETS)

_ROADSIDE = (
    ("近{other}路口", "{road}{other}路口"),
    ("{number}号门前", "{road}{number}号门口"),
    ("{lane}弄弄口", "{road}{lane}弄弄口"),
    ("{lane}弄对面人行道", "{road}{lane}弄对面"),
    ("{number}号旁公交站", "{road}上的公交站旁"),
)
_INDOORS = (
    ("{lane}弄{block}号楼", "{road}{lane}弄小区{block}号楼下"),
    ("{lane}弄小区北门", "{road}{lane}弄小区北门"),
    ("{lane}弄小区东侧围墙", "{road}{lane}弄小区东侧围墙边"),
    ("{lane}弄小区中心花园", "{road}{lane}弄小区中心花园旁"),
)
_PARK = (
    ("{number}号对面公园", "{road}边上的公园"),
    ("近{other}公园", "{road}近{other}的公园里"),
)
_RIVERSIDE = (
    ("近{other}桥堍", "{road}桥下的河边"),
    ("{number}号后河道", "{road}{number}号后面的河道"),
)
_SQUARE = (
    ("近{other}街心广场", "{road}近{other}的街心广场"),
    ("{number}号旁绿地", "{road}{number}号旁的绿地"),
    ("{number}号前广场", "{road}{number}号门前广场"),
)
_SHAPES = {
    "G-06": _PARK,
    "G-07": _INDOORS,
    "S-03": _INDOORS,
    "S-08": _RIVERSIDE,
    "L-01": _SQUARE,
    "L-03": _SQUARE,
    "L-04": _SQUARE,
}


def choose_place(rng: Random, category: str) -> Place:
    """A spot that suits the category: a compound, a park, the water, a square, else the roadside.

    Numbers are drawn far above those in use, so that none is anybody's door.
    """
    street = rng.choices(STREETS, _WEIGHTS)[0]
    road, other = rng.sample(street.roads, 2)
    written, spoken = rng.choice(_SHAPES.get(category, _ROADSIDE))
    words = {
        "road": road,
        "other": other,
        "number": 6001 + 2 * rng.randrange(400),
        "lane": 6001 + 2 * rng.randrange(400),
        "block": rng.randint(1, 28),
    }
    return Place(
        street=street.name,
        address=f"静安区{road}{written.format(**words)}",
        spoken=spoken.format(**words),
        road=road,
        lng=round(street.lng + rng.uniform(-0.006, 0.006), 6),
        lat=round(street.lat + rng.uniform(-0.005, 0.005), 6),
    )
