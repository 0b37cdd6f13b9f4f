"""The passport: keys by role, cohort and epoch; what was spent under them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "passport_key",
        sa.Column("id", sa.LargeBinary(32), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("cohort", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("public", sa.LargeBinary(32), nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passport_key"),
        sa.UniqueConstraint("role", "cohort", "epoch", name="uq_passport_key_role_cohort_epoch"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "passport_spent",
        sa.Column("mark", sa.LargeBinary(32), nullable=False),
        sa.Column("again", sa.LargeBinary(32), nullable=False),
        sa.Column("key_id", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_passport_spent"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_passport_spent_key_id", "passport_spent", ["key_id"])


def downgrade() -> None:
    op.drop_table("passport_spent")
    op.drop_table("passport_key")
