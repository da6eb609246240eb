"""`make licences`: under what terms each package of the lock is used."""

import sys
from collections.abc import Iterator

from tests.supply.lock import licence_of, read_lock, shipped


def lines() -> Iterator[str]:
    pins = read_lock()
    runs = shipped(pins)
    for pin in pins:
        use = "运行" if pin.name in runs else "开发"
        terms = licence_of(pin.name) or "本机未安装"
        yield f"{use}  {pin.name:<28} {pin.version:<14} {terms}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
