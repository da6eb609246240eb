"""Importing this makes a process one of the next release, before anything else is loaded."""

import os

from tests.upgrade.next_release import install

install(int(os.environ["MINHU_NEXT_RELEASE"]))
