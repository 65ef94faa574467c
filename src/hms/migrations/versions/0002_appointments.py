"""Tables of appointments and what follows from them, with the last guards."""

import sqlalchemy as sa
from alembic import op

from hms.migrations.sql import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _appointments()
    _appointment_events()
    _doctor_days()
    _consultations()
    run_sql("0002_appointments.up")


def downgrade() -> None:
    """Go back."""
    run_sql("0002_appointments.down")
    op.drop_table("consultations")
    op.drop_table("doctor_days")
    op.drop_table("appointment_events")
    op.drop_table("appointments")


def _appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "SCHEDULED",
                "CONFIRMED",
                "CHECKED_IN",
                "IN_PROGRESS",
                "COMPLETED",
                "NO_SHOW",
                "CANCELLED",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("appointment_date", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("end_time", sa.Time(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("no_show_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holds_slot", sa.Boolean(), nullable=False),
        sa.Column("under_review", sa.Boolean(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("external_ref", sa.String(length=100), nullable=True),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vitals_recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calendar_sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT (status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')) OR holds_slot",
            name=op.f("ck_appointments_live_holds_slot"),
        ),
        sa.CheckConstraint(
            "status <> 'CANCELLED' OR NOT holds_slot", name=op.f("ck_appointments_cancelled_frees_slot")
        ),
        sa.CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name=op.f("ck_appointments_duration")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_appointments_span")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_appointments_created_by"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "doctor_id"],
            ["doctors.hospital_id", "doctors.id"],
            name="fk_appointments_hospital_id_doctor_id",
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patients.hospital_id", "patients.id"],
            name="fk_appointments_hospital_id_patient_id",
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_appointments_hospital_id"),
        sa.ForeignKeyConstraint(["slot_id"], ["doctor_slots.id"], name="fk_appointments_slot_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_appointments"),
    )
    op.create_index(
        "ix_appointments_doctor_id_appointment_date",
        "appointments",
        ["doctor_id", "appointment_date"],
    )
    op.create_index(
        "ix_appointments_doctor_live",
        "appointments",
        ["doctor_id", "starts_at"],
        unique=False,
        sqlite_where=sa.text("status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')"),
        postgresql_where=sa.text("status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')"),
    )
    op.create_index(
        "ix_appointments_due",
        "appointments",
        ["hospital_id", "no_show_due_at", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('SCHEDULED', 'CONFIRMED') AND NOT under_review"),
        postgresql_where=sa.text("status IN ('SCHEDULED', 'CONFIRMED') AND NOT under_review"),
    )
    op.create_index(
        "ix_appointments_hospital_id_appointment_date",
        "appointments",
        ["hospital_id", "appointment_date"],
    )
    op.create_index("ix_appointments_patient_id_starts_at", "appointments", ["patient_id", "starts_at"])
    op.create_index("ix_appointments_slot_id", "appointments", ["slot_id"])
    op.create_index(
        "uq_appointments_hospital_id_external_ref",
        "appointments",
        ["hospital_id", "external_ref"],
        unique=True,
        sqlite_where=sa.text("external_ref IS NOT NULL"),
        postgresql_where=sa.text("external_ref IS NOT NULL"),
    )
    op.create_index(
        "uq_appointments_slot_held",
        "appointments",
        ["slot_id"],
        unique=True,
        sqlite_where=sa.text("holds_slot"),
        postgresql_where=sa.text("holds_slot"),
    )


def _appointment_events() -> None:
    op.create_table(
        "appointment_events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "from_status",
            sa.Enum(
                "SCHEDULED",
                "CONFIRMED",
                "CHECKED_IN",
                "IN_PROGRESS",
                "COMPLETED",
                "NO_SHOW",
                "CANCELLED",
                name="status",
                native_enum=False,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "SCHEDULED",
                "CONFIRMED",
                "CHECKED_IN",
                "IN_PROGRESS",
                "COMPLETED",
                "NO_SHOW",
                "CANCELLED",
                name="status",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("is_import", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_appointment_events_actor_id"),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name="fk_appointment_events_appointment_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_appointment_events_hospital_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_appointment_events"),
    )
    op.create_index("ix_appointment_events_appointment_id", "appointment_events", ["appointment_id"])


def _doctor_days() -> None:
    op.create_table(
        "doctor_days",
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_doctor_days_doctor_id"),
        sa.PrimaryKeyConstraint("doctor_id", "day", name="pk_doctor_days"),
    )


def _consultations() -> None:
    op.create_table(
        "consultations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "STARTED",
                "IN_PROGRESS",
                "COMPLETED",
                "ABANDONED",
                name="consultation_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("chief_complaint", sa.String(length=1000), nullable=True),
        sa.Column("diagnosis", sa.JSON(), nullable=False),
        sa.Column("treatment_notes", sa.Text(), nullable=True),
        sa.Column("prescriptions", sa.JSON(), nullable=False),
        sa.Column("abandon_reason", sa.String(length=400), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_consultations_appointment_id"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_consultations_doctor_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_consultations_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consultations"),
    )
    op.create_index("ix_consultations_doctor_id", "consultations", ["doctor_id", "started_at"])
    op.create_index(
        "uq_consultations_appointment",
        "consultations",
        ["appointment_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'ABANDONED'"),
        postgresql_where=sa.text("status <> 'ABANDONED'"),
    )
