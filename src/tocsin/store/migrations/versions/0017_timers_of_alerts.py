"""Timers of alerts, apart from the work of recordings: a time of the one beside a number of the other would be read as its own."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "alerts_timer",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("leased_until_ms", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_timer"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alerts_timer_due_ms", "alerts_timer", ["due_ms"])
    where = "kind LIKE 'alerts: %'"
    op.execute(sa.text(f"INSERT INTO alerts_timer SELECT id, kind, due_ms, 0, tries, payload FROM work WHERE {where}"))  # noqa: S608  constants
    op.execute(sa.text(f"DELETE FROM work WHERE {where}"))  # noqa: S608  constants


def downgrade() -> None:
    op.drop_table("alerts_timer")
