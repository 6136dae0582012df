"""The ledger of what has to go out, and the runner that sees each document there exactly once."""
