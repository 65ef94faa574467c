"""Which messages may have arrived without anybody knowing, so that none goes out a third time."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "outgoing_messages"


def upgrade() -> None:
    """Go forward. What is claimed at this moment counts as not handed over: nobody has noted which one was."""
    op.add_column(TABLE, sa.Column("unclear", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(TABLE, sa.Column("in_hand", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column(TABLE, "in_hand")
    op.drop_column(TABLE, "unclear")
