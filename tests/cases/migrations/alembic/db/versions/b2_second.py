"""second"""
from alembic import op
import sqlalchemy as sa

revision = "b2"
down_revision = "a1"


def upgrade():
    op.add_column("orders", sa.Column("total", sa.Integer, nullable=False))
    with op.get_context().autocommit_block():
        op.create_index("i", "orders", ["note"], postgresql_concurrently=True)
    op.create_index(
        "j",
        "orders",
        ["total"],
    )
    op.execute("""
        ALTER TABLE orders
          DROP COLUMN note,
          ALTER COLUMN total TYPE bigint
    """)
    op.get_bind().execute(sa.text("select 1")).fetchall()


def downgrade():
    op.drop_index("j")
    raise NotImplementedError
