"""Pages of documents as pictures, with black over what was covered."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "registry_picture",
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("page", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("document", "page", name="pk_registry_picture"),
    )


def downgrade() -> None:
    op.drop_table("registry_picture")
