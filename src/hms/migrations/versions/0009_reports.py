"""Reports of a doctor's month, as they were told."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "monthly_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("specialization", sa.String(100), nullable=False),
        sa.Column("appointments", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("no_shows", sa.Integer(), nullable=False),
        sa.Column("treatments", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_monthly_reports_hospital_id"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_monthly_reports_doctor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_monthly_reports"),
        sa.UniqueConstraint("doctor_id", "month", name="uq_monthly_reports_doctor_id_month"),
    )
    op.create_index("ix_monthly_reports_hospital_id_month", "monthly_reports", ["hospital_id", "month"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("monthly_reports")
