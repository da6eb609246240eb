"""`python -m tests.faults worker`: any minhu command, with commits that fail.

`MINHU_FAULTS="seed=7,rate=0.05,log=faults.jsonl"`: that part of its commits is cut, each told in
the log; `writes=1` spares those that write nothing. With `MINHU_NEXT_RELEASE=1` the process is
one of the next release.
"""

import os
import random
import sys
from importlib import import_module
from pathlib import Path

from services.cli.main import app
from tests.faults.choosing import Log, Rate, read_variable
from tests.faults.hook import install, tell_nobody

NEXT_RELEASE = "tests.upgrade.next_release"


def main() -> None:
    if os.environ.get("MINHU_NEXT_RELEASE"):
        import_module(NEXT_RELEASE).install()
    options = read_variable(os.environ)
    if options:
        # The process number as well: one started again must not fail where the last one did.
        chance = random.Random(f"{options.get('seed', '0')}:{os.getpid()}")
        choose = Rate(float(options.get("rate", "0.05")), chance, options.get("writes") == "1")
        process = " ".join(sys.argv[1:3])
        told = Log(Path(options["log"]), process) if "log" in options else tell_nobody
        install(choose, told)
    app(prog_name="minhu")


main()
