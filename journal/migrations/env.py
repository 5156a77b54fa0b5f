"""Runs the migrations on the connection the journal hands over."""

from alembic import context

from journal.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
