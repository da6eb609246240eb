"""What a storm came to, as a table."""

import time

import psutil

from tests.storm.reckoning import Reckoning
from tests.storm.stage import read_cuts
from tests.storm.storm import Storm

MOST_SHOWN = 20
MOST_SETTLE_SECONDS = 60.0


def print_report(storm: Storm, result: Reckoning) -> bool:
    """Whether everything stood: nothing found, every kind of fault hit, settled in time."""
    rows = list(fault_rows(storm))
    edition = storm.edition
    print(f"风暴  种子 {edition.seed}  工单 {edition.tickets}")
    print(f"  {'故障':<28} 次数  命中")
    for label, struck, hit in rows:
        print(f"  {label:<28} {struck:>4}  {hit:>4}")
    idle = [label for label, _, hit in rows if not hit]
    print(
        f"  已确认 {result.acknowledged}  丢失 {len(result.lost)}  重复 {len(result.doubled)}"
        f"  次序错 {len(result.disorder)}  其他不符 {len(result.wrong)}"
    )
    print(
        f"  日志 {result.entries} 条  投递 {result.handled} 次  回送 {result.callbacks} 件"
        f"  末次故障后 {storm.settle_seconds:.1f} 秒平息  全程 {storm.seconds:.1f} 秒"
    )
    used = psutil.Process().cpu_times()
    children = used.children_user + used.children_system
    print(
        f"  处理器：演员 {time.process_time():.0f} 秒，各进程 {children:.0f} 秒（到目前已结束的）"
    )
    for name in ("lost", "doubled", "disorder", "wrong"):
        for line in getattr(result, name)[:MOST_SHOWN]:
            print(f"  {name}: {line}")
    if idle:
        print(f"  没有命中的故障：{'、'.join(idle)}")
    stood = result.is_clean and not idle and storm.settle_seconds <= MOST_SETTLE_SECONDS
    print("  结果：" + ("不丢、不重、不乱" if stood else "不合格"), flush=True)
    return stood


def fault_rows(storm: Storm) -> list[tuple[str, int, int]]:
    rows = [(one.label, one.struck, one.hit) for one in storm.schedule.tallies.values()]
    cuts = read_cuts(storm.stage.cuts)
    before = sum(one["cut"] == "before" for one in cuts)
    rows += [("提交前失败", before, before)]
    rows += [("提交后丢了答复", len(cuts) - before, len(cuts) - before)]
    sender, receiver = storm.sender, storm.receiver
    poison = sum(letter.end != "applied" for letter in sender.letters)
    rows += [
        ("推送重复", sender.repeated, sender.repeated),
        ("推送乱序", sender.reordered, sender.reordered),
        ("推送毒件", poison, poison),
    ]
    labels = {"fail": "接收方 503", "busy": "接收方 429", "hang": "接收方不答"}
    rows += [
        (label, receiver.faults[name], receiver.faults[name]) for name, label in labels.items()
    ]
    return rows
