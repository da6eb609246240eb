"""`python -m tests.faults worker`: any minhu command, with commits that fail.

`MINHU_FAULTS="seed=7,rate=0.05,log=faults.jsonl"`: that part of its commits is cut, each told in
the log; `writes=1` spares those that write nothing. With `MINHU_NEXT_RELEASE=1` the process is
one of the next release.
"""

import os
import sys
from importlib import import_module

from services.cli.main import app
from tests.faults.choosing import install_wanted

NEXT_RELEASE = "tests.upgrade.next_release"


def main() -> None:
    if os.environ.get("MINHU_NEXT_RELEASE"):
        import_module(NEXT_RELEASE).install()
    install_wanted(os.environ, process=" ".join(sys.argv[1:3]))
    app(prog_name="minhu")


main()
