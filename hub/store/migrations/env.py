"""Run by Alembic for each upgrade: the steps run in the transaction that `hub.store.migrate` has opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
