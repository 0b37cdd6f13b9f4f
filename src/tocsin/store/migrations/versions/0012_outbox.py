"""The outbox: messages on their way, and a row for each channel that still has to send one."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("ends_ms", sa.BigInteger, nullable=False),
        sa.Column("zones", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_message"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox_row",
        sa.Column("message_id", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("leased_until_ms", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("came_to", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "channel", name="pk_outbox_row"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outbox_row_channel_rank_due_ms", "outbox_row", ["channel", "rank", "due_ms"])


def downgrade() -> None:
    op.drop_table("outbox_row")
    op.drop_table("outbox_message")
