"""`python -m hub.cli` is the command `crossdock`."""

from hub.cli.main import main

main()
