"""`python -m tests.upgrade <minhu command>`: any command as the next release runs it."""

from services.cli.main import app
from tests.upgrade.next_release import install

install()
app()
