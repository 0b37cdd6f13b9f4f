"""Sheets tell who names an entity with a date, the newest first: those that were made before are made anew."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute("UPDATE registry_sheet SET told = NULL, due = due + 1")


def downgrade() -> None:
    op.execute("UPDATE registry_sheet SET told = NULL, due = due + 1")
