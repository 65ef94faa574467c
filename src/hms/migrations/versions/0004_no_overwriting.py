"""Rows of history cannot be written over. PostgreSQL's triggers of updates see an upsert; SQLite's REPLACE slips by."""

from alembic import op

from hms.migrations.sql import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    if op.get_bind().dialect.name == "sqlite":
        run_sql("0004_no_overwriting.up")


def downgrade() -> None:
    """Go back."""
    if op.get_bind().dialect.name == "sqlite":
        run_sql("0004_no_overwriting.down")
