"""What a storm came to, as a table."""

from collections.abc import Iterator
from unicodedata import east_asian_width

from tests.storm.reckoning import Reckoning
from tests.storm.stage import read_cuts
from tests.storm.storm import Storm

MOST_SHOWN = 20
WIDTH = 28
MOST_SETTLE_SECONDS = 60.0
RECEIVER_LABELS = {
    "503": "接收方答 503",
    "429": "接收方答 429",
    "410": "接收方答 410，重新登记",
    "hang": "接收方不答",
}
FINDINGS = {"lost": "丢失", "doubled": "重复", "disorder": "次序错", "wrong": "不符"}

Row = tuple[str, int, int]  # a kind of fault, how many, how many of them hit open work


def has_stood(storm: Storm, result: Reckoning) -> bool:
    """Nothing found, every kind of fault hit, settled in time."""
    is_hit = all(hit for _, _, hit in fault_rows(storm))
    return result.is_clean and is_hit and storm.settle_seconds <= MOST_SETTLE_SECONDS


def report(storm: Storm, result: Reckoning) -> Iterator[str]:
    rows = fault_rows(storm)
    yield f"风暴  种子 {storm.edition.seed}  工单 {storm.edition.tickets}"
    yield f"  {pad('故障')}   次数    命中"
    for label, struck, hit in rows:
        yield f"  {pad(label)} {struck:>6}  {hit:>6}"
    found = "  ".join(f"{label} {len(getattr(result, name))}" for name, label in FINDINGS.items())
    yield f"  已确认 {result.acknowledged}  {found}"
    yield f"  日志 {result.entries} 条  投递 {result.handled} 次  其中回送 {result.callbacks} 件"
    yield f"  末次故障后 {storm.settle_seconds:.1f} 秒平息  全程 {storm.seconds:.1f} 秒"
    for name, label in FINDINGS.items():
        for line in getattr(result, name)[:MOST_SHOWN]:
            yield f"  {label}：{line}"
    idle = [label for label, _, hit in rows if not hit]
    if idle:
        yield f"  没有命中的故障：{'、'.join(idle)}"
    yield "  结果：" + ("不丢、不重、不乱" if has_stood(storm, result) else "不合格")


def pad(label: str) -> str:
    """To one width on a terminal, where a Chinese character takes two places."""
    wide = sum(east_asian_width(one) in "WF" for one in label)
    return label + " " * max(0, WIDTH - len(label) - wide)


def fault_rows(storm: Storm) -> list[Row]:
    """What strikes inside a commit, a message or a callback is open work by itself."""
    sender, receiver = storm.sender, storm.receiver
    cuts = [str(one["cut"]) for one in read_cuts(storm.stage.cuts)]
    by_nature = {
        "提交前失败": cuts.count("before"),
        "提交后丢了答复": cuts.count("after"),
        "推送重复": sender.repeated,
        "推送乱序": sender.reordered,
        "推送毒件": sum(letter.end != "applied" for letter in sender.letters),
        **{label: receiver.faults[name] for name, label in RECEIVER_LABELS.items()},
    }
    rows = [(one.label, one.struck, one.hit) for one in storm.schedule.tallies.values()]
    return rows + [(label, count, count) for label, count in by_nature.items()]
