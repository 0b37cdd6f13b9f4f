"""The passport issues: marks of renewal tokens that were given, and of codes that people tell each other."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "passport_issued",
        sa.Column("mark", sa.LargeBinary(32), nullable=False),
        sa.Column("key_id", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_passport_issued"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_passport_issued_key_id", "passport_issued", ["key_id"])
    op.create_table(
        "passport_code",
        sa.Column("mark", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("again", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_passport_code"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_passport_code_key_id", "passport_code", ["key_id"])


def downgrade() -> None:
    op.drop_table("passport_code")
    op.drop_table("passport_issued")
