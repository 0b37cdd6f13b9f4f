"""The legal desk: what is taken by whom (a digest), and papers sealed to the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "desk_item",
        sa.Column("recording_id", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("declined", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name="pk_desk_item"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "desk_paper",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("recording_id", sa.LargeBinary(16), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desk_paper"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_desk_paper_recording_id", "desk_paper", ["recording_id"])


def downgrade() -> None:
    op.drop_table("desk_paper")
    op.drop_table("desk_item")
