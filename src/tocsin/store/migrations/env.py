"""Run by Alembic inside `migrate.to_revision`, on the connection and in the transaction that it was given."""

from alembic import context

from tocsin.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
