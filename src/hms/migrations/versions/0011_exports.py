"""Files that people asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("status IN ('PENDING', 'RUNNING')")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "history_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines_done", sa.Integer(), nullable=False),
        sa.Column("lines_total", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_id", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(400), nullable=True),
        sa.CheckConstraint("status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'EXPIRED')", name="export_status"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_history_exports_hospital_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_history_exports_patient_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_history_exports_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_history_exports"),
    )
    op.create_index(
        "uq_history_exports_under_way",
        "history_exports",
        ["patient_id"],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_index(
        "ix_history_exports_due",
        "history_exports",
        ["due_at", "id"],
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_index("ix_history_exports_patient_id_asked_at", "history_exports", ["patient_id", "asked_at", "id"])
    op.create_index("ix_history_exports_hospital_id_asked_at", "history_exports", ["hospital_id", "asked_at", "id"])
    op.create_table(
        "history_export_parts",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["history_exports.id"], name="fk_history_export_parts_export_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_history_export_parts_hospital_id"),
        sa.PrimaryKeyConstraint("export_id", "number", name="pk_history_export_parts"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("history_export_parts")
    op.drop_table("history_exports")
