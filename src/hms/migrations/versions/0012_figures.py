"""What figures over years are read from."""

import sqlalchemy as sa
from alembic import op

from hms.migrations.sql import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COUNTED = [
    "appointments",
    "attended",
    "missed",
    "cancelled",
    "marked_auto",
    "marked_staff",
    "marked_doctor",
    "marked_called",
    "marks_released",
    "marks_justified",
    "penalties",
    "penalties_counting",
    "penalties_waived",
    "penalties_justified",
    "penalties_voided",
    "reminded_attended",
    "reminded_missed",
    "confirmed_attended",
    "confirmed_missed",
    "slots_offered",
    "minutes_offered",
    "visits_held",
    "minutes_booked",
    "released",
    "rebooked",
    "minutes_lost",
]
KINDS = ("TO_VITALS", "TO_DOCTOR", "TO_BEGIN", "LEAD")
DAYS, SPANS, MARKS, PROGRESS = "figure_days", "figure_spans", "figure_marks", "figure_progress"
HOSPITAL_DAYS, MONTHS, PENALTIES = "figure_hospital_days", "figure_months", "figure_penalties"


def upgrade() -> None:
    """Go forward."""
    _days()
    _hospital_days()
    _months()
    _spans()
    _penalties()
    _marks()
    _progress()
    run_sql("0012_figures.up")


def downgrade() -> None:
    """Go back."""
    run_sql("0012_figures.down")
    for table in (PROGRESS, MARKS, PENALTIES, SPANS, MONTHS, HOSPITAL_DAYS, DAYS):
        op.drop_table(table)


def _days() -> None:
    op.create_table(
        DAYS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{DAYS}_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"], name=f"fk_{DAYS}_doctor_id"
        ),
        sa.PrimaryKeyConstraint("hospital_id", "day", "doctor_id", name=f"pk_{DAYS}"),
    )
    op.create_index(f"ix_{DAYS}_doctor_id_day", DAYS, ["doctor_id", "day"])


def _hospital_days() -> None:
    op.create_table(
        HOSPITAL_DAYS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{HOSPITAL_DAYS}_hospital_id"),
        sa.PrimaryKeyConstraint("hospital_id", "day", name=f"pk_{HOSPITAL_DAYS}"),
    )


def _months() -> None:
    op.create_table(
        MONTHS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{MONTHS}_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"], name=f"fk_{MONTHS}_doctor_id"
        ),
        sa.PrimaryKeyConstraint("hospital_id", "month", "doctor_id", name=f"pk_{MONTHS}"),
    )


def _spans() -> None:
    op.create_table(
        SPANS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="span_kind", native_enum=False, length=24, create_constraint=True),
            nullable=False,
        ),
        sa.Column("length", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{SPANS}_hospital_id"),
        sa.PrimaryKeyConstraint("hospital_id", "day", "kind", "length", name=f"pk_{SPANS}"),
    )


def _penalties() -> None:
    op.create_table(
        PENALTIES,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED if name.startswith("penalties")),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{PENALTIES}_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"], name=f"fk_{PENALTIES}_doctor_id"
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"], ["patients.hospital_id", "patients.id"], name=f"fk_{PENALTIES}_patient_id"
        ),
        sa.PrimaryKeyConstraint("hospital_id", "day", "doctor_id", "patient_id", name=f"pk_{PENALTIES}"),
    )


def _marks() -> None:
    op.create_table(
        MARKS,
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{MARKS}_hospital_id"),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{MARKS}"),
    )
    op.create_index(f"ix_{MARKS}_hospital_id_day", MARKS, ["hospital_id", "day"])


def _progress() -> None:
    op.create_table(
        PROGRESS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("settled_from", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{PROGRESS}_hospital_id"),
        sa.PrimaryKeyConstraint("hospital_id", name=f"pk_{PROGRESS}"),
    )
