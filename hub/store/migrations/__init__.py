"""How the database came to be what it is, step by step; `hub.store.migrate` walks the steps.

A new step is a file in `versions` that names the one before it. `tests/store/test_migrate.py` says what is missing as
soon as `hub/store/tables` and the steps disagree.
"""
