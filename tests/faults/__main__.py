"""`python -m tests.faults worker`: any minhu command, with commits that fail.

`MINHU_FAULTS="seed=7,rate=0.05,log=faults.jsonl"`: that part of its commits is cut, each told in
the log; `writes=1` spares those that write nothing. With `MINHU_NEXT_RELEASE=10` the process is
one of the next release, which has something of its own to tell of one ticket in ten.
"""

import os
import sys
from importlib import import_module

from services.cli.main import app
from tests.faults.choosing import install_wanted

NEXT_RELEASE = "tests.upgrade.next_release"


def main() -> None:
    one_in = int(os.environ.get("MINHU_NEXT_RELEASE", "0"))
    if one_in:
        import_module(NEXT_RELEASE).install(one_in)
    install_wanted(os.environ, process=" ".join(sys.argv[1:3]))
    app(prog_name="minhu")


main()
