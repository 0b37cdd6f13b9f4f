"""Staff under pseudonyms, their ways in, invitations."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        *(_text(one) for one in ("pseudonym", "folded", "roles", "recipient")),
        sa.Column("signing_key", sa.LargeBinary(32), nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        _text("state"),
        sa.Column("left_day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("folded", name="uq_staff_folded"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "staff_door",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("staff_id", sa.LargeBinary(16), nullable=False),
        _text("kind"),
        *(sa.Column(one, sa.LargeBinary, nullable=False) for one in ("credential", "public", "salt", "sealed")),
        sa.Column("day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_door"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_staff_door_staff_id", "staff_door", ["staff_id"])
    op.create_index("ix_staff_door_public", "staff_door", ["public"], unique=True)
    op.create_table(
        "staff_invitation",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("staff_id", sa.LargeBinary(16), nullable=False),
        *(_text(one) for one in ("pseudonym", "folded", "roles")),
        sa.Column("is_founding", sa.Integer, nullable=False),
        sa.Column("until_day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_staff_invitation"),
        sa.UniqueConstraint("folded", name="uq_staff_invitation_folded"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in ("staff_invitation", "staff_door", "staff"):
        op.drop_table(name)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
