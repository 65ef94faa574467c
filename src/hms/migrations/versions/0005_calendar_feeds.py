"""Private calendar addresses; a date once in the list of holidays; an index of live visits without slot row."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SLOTLESS = "slot_id IS NULL AND status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(doctor_id IS NULL) <> (patient_id IS NULL)", name="owner"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_calendar_feeds_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "doctor_id"],
            ["doctors.hospital_id", "doctors.id"],
            name="fk_calendar_feeds_hospital_id_doctor_id",
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patients.hospital_id", "patients.id"],
            name="fk_calendar_feeds_hospital_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feeds"),
        sa.UniqueConstraint("digest", name="uq_calendar_feeds_digest"),
        sa.UniqueConstraint("doctor_id", name="uq_calendar_feeds_doctor_id"),
        sa.UniqueConstraint("patient_id", name="uq_calendar_feeds_patient_id"),
    )
    _holidays_once()
    op.create_index(
        "ix_appointments_slotless",
        "appointments",
        ["doctor_id", "starts_at"],
        sqlite_where=sa.text(SLOTLESS),
        postgresql_where=sa.text(SLOTLESS),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_appointments_slotless", "appointments")
    op.drop_index("uq_hospital_holidays_hospital_id_date", "hospital_holidays")
    op.create_index("ix_hospital_holidays_hospital_id_date", "hospital_holidays", ["hospital_id", "date"])
    op.drop_table("calendar_feeds")


def _holidays_once() -> None:
    """Of entries of one date keep the one that closes most: active before inactive, recurring before once."""
    op.execute(
        """
        DELETE FROM hospital_holidays WHERE id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (
                    PARTITION BY hospital_id, date ORDER BY is_active DESC, is_recurring DESC, created_at, id
                ) AS number FROM hospital_holidays
            ) AS ranked WHERE number > 1
        )
        """
    )
    op.drop_index("ix_hospital_holidays_hospital_id_date", "hospital_holidays")
    op.create_index("uq_hospital_holidays_hospital_id_date", "hospital_holidays", ["hospital_id", "date"], unique=True)
