"""Push subscriptions: a sealed box and the week it ends."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.LargeBinary(32), nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("ends_week", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_subscription"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("push_subscription")
