"""What pages tell of entities that hundreds name, worked out beforehand; in line for it are those that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "registry_sheet",
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("due", sa.Integer, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("entity", name="pk_registry_sheet"),
    )
    op.execute(
        "INSERT INTO registry_sheet (entity, due) SELECT e.canonical, 0 FROM registry_edge g "
        "JOIN registry_entity e ON e.entity = g.target WHERE e.schema <> 'Technology' "
        "GROUP BY e.canonical HAVING count(*) >= 300"
    )


def downgrade() -> None:
    op.drop_table("registry_sheet")
