"""Circles: places and doors, boxes of one size each, and nothing that says which belong together."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "circle_place",
        sa.Column("id", sa.LargeBinary(32), nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("letter", sa.LargeBinary, nullable=False),
        sa.Column("ends_week", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_circle_place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "circle_door",
        sa.Column("id", sa.LargeBinary(32), nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("ends_week", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_circle_door"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("circle_door")
    op.drop_table("circle_place")
