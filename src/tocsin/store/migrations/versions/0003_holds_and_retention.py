"""Legal holds, stewards' statements, and the day a recording began instead of the day it ends."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

DAYS = {"encounter": 30, "import": 30, "rehearsal": 1}
"""What every pack said that came with the project so far: the day a recording began is that long before the day it was to end."""


def upgrade() -> None:
    op.execute("ALTER TABLE recording RENAME COLUMN expires_day TO day")
    for kind, days in DAYS.items():
        op.execute(_moved(kind, -days))
    op.add_column("public_entry", sa.Column("beat", sa.BigInteger, nullable=True))
    op.create_table(
        "hold",
        sa.Column("recording_id", sa.LargeBinary(16), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("signed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name="pk_hold"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statement",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("signed", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_statement"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("statement")
    op.drop_table("hold")
    op.drop_column("public_entry", "beat")
    for kind, days in DAYS.items():
        op.execute(_moved(kind, days))
    op.execute("ALTER TABLE recording RENAME COLUMN day TO expires_day")


def _moved(kind: str, days: int) -> sa.TextClause:
    """The day of every recording of a kind that is not erased, moved. An erased one's is already that of its erasure."""
    statement = sa.text("UPDATE recording SET day = day + :days WHERE kind = :kind AND state != 'erased'")
    return statement.bindparams(days=days, kind=kind)
