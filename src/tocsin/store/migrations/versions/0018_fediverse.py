"""Servers whose people follow the city's actor, and the notes that stand."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "fediverse_server",
        sa.Column("id", sa.LargeBinary(32), nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fediverse_server"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fediverse_note",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("hour_s", sa.BigInteger, nullable=False),
        sa.Column("ends_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fediverse_note"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("fediverse_note")
    op.drop_table("fediverse_server")
