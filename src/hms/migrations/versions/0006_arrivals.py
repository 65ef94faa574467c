"""Vitals, and colleagues who take part in consultations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PRESENT = "superseded_at IS NULL"
ROLES = ("PRIMARY", "CONSULTING", "ASSISTING", "SUPERVISING")


def upgrade() -> None:
    """Go forward."""
    _vitals()
    _participants()
    _notes()


def downgrade() -> None:
    """Go back."""
    op.drop_table("consultation_notes")
    op.drop_table("consultation_participants")
    op.drop_table("vitals")


def _vitals() -> None:
    op.create_table(
        "vitals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correction_reason", sa.String(length=400), nullable=True),
        sa.Column("systolic", sa.Integer(), nullable=True),
        sa.Column("diastolic", sa.Integer(), nullable=True),
        sa.Column("heart_rate", sa.Integer(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("sp_o2", sa.Integer(), nullable=True),
        sa.Column("respiratory_rate", sa.Integer(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("pain", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_vitals_hospital_id"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_vitals_appointment_id"),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_vitals_recorded_by"),
        sa.PrimaryKeyConstraint("id", name="pk_vitals"),
    )
    op.create_index(
        "uq_vitals_appointment_id_present",
        "vitals",
        ["appointment_id"],
        unique=True,
        sqlite_where=sa.text(PRESENT),
        postgresql_where=sa.text(PRESENT),
    )
    op.create_index("ix_vitals_appointment_id", "vitals", ["appointment_id", "recorded_at"])


def _participants() -> None:
    table = "consultation_participants"
    role = sa.Enum(*ROLES, name="participant_role", native_enum=False, length=24, create_constraint=True)
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("role", role, nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{table}_hospital_id"),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultations.id"], name=f"fk_{table}_consultation_id"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=f"fk_{table}_doctor_id"),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=f"fk_{table}_invited_by"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("consultation_id", "doctor_id", name=f"uq_{table}_consultation_id_doctor_id"),
    )
    op.create_index(f"ix_{table}_doctor_id", table, ["doctor_id"])


def _notes() -> None:
    table = "consultation_notes"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{table}_hospital_id"),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultations.id"], name=f"fk_{table}_consultation_id"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=f"fk_{table}_author_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_consultation_id", table, ["consultation_id", "written_at"])
