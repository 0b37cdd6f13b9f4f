"""Outlines that an operator brings; the full text is made anew, with a word for what says where it is."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute(sa.text("DROP TABLE IF EXISTS registry_words"))
    op.create_table(
        "registry_outline",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("code", "area", "folded")),
        *(sa.Column(side, sa.Integer, nullable=False) for side in ("west", "south", "east", "north")),
        sa.Column("rings", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_registry_outline"),
    )
    op.create_index("ix_registry_outline_folded", "registry_outline", ["folded"])


def downgrade() -> None:
    op.execute(sa.text("DROP TABLE IF EXISTS registry_words"))
    op.drop_table("registry_outline")
