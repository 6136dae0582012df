"""Many open orders over one supply that does not reach for all of them, decided together.

`solve_batch` (in `joint`) is the one entry. `ledger` keeps what is left of the supply, `result` is what comes back.
"""
