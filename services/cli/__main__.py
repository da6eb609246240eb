"""`python -m services.cli`: the same command, for the processes it starts itself."""

from services.cli.main import app

app(prog_name="minhu")
