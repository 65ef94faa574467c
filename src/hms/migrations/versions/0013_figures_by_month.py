"""What figures over years are read from when days are too many: months, and patients; and who else awaits a file."""

import sqlalchemy as sa
from alembic import op

from hms.migrations.sql import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KINDS = ("TO_VITALS", "TO_DOCTOR", "TO_BEGIN", "LEAD")
DAYS = sa.JSON().with_variant(sa.ARRAY(sa.Date()), "postgresql")
SPAN_MONTHS, DOCTOR_SPANS, PATIENTS = "figure_span_months", "figure_doctor_spans", "figure_patients"
PENALTIES, ASKERS = "figure_penalties", "history_export_askers"


def upgrade() -> None:
    """Go forward. All days that are kept wait to be counted again, which fills the new tables."""
    _span_months()
    _doctor_spans()
    _patients()
    for who in ("doctor_id", "patient_id"):
        op.create_index(f"ix_{PENALTIES}_{who}_day", PENALTIES, [who, "day"])
    op.create_table(
        ASKERS,
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["history_exports.id"], name=f"fk_{ASKERS}_export_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{ASKERS}_user_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{ASKERS}_hospital_id"),
        sa.PrimaryKeyConstraint("export_id", "user_id", name=f"pk_{ASKERS}"),
    )
    run_sql("0013_figures_by_month.up")
    op.execute("INSERT INTO figure_marks (hospital_id, day) SELECT hospital_id, day FROM figure_hospital_days")


def downgrade() -> None:
    """Go back."""
    run_sql("0013_figures_by_month.down")
    op.drop_table(ASKERS)
    for who in ("patient_id", "doctor_id"):
        op.drop_index(f"ix_{PENALTIES}_{who}_day", PENALTIES)
    for table in (PATIENTS, DOCTOR_SPANS, SPAN_MONTHS):
        op.drop_table(table)


def _span_months() -> None:
    op.create_table(
        SPAN_MONTHS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        *_spans(),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{SPAN_MONTHS}_hospital_id"),
        sa.PrimaryKeyConstraint("hospital_id", "month", "kind", "length", name=f"pk_{SPAN_MONTHS}"),
    )


def _doctor_spans() -> None:
    op.create_table(
        DOCTOR_SPANS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        *_spans(),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{DOCTOR_SPANS}_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "doctor_id"],
            ["doctors.hospital_id", "doctors.id"],
            name=f"fk_{DOCTOR_SPANS}_hospital_id_doctor_id",
        ),
        sa.PrimaryKeyConstraint("hospital_id", "doctor_id", "month", "kind", "length", name=f"pk_{DOCTOR_SPANS}"),
    )


def _spans() -> list[sa.Column[object]]:
    kind = sa.Enum(*KINDS, name="span_kind", native_enum=False, length=24, create_constraint=True)
    return [
        sa.Column("kind", kind, nullable=False),
        sa.Column("length", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
    ]


def _patients() -> None:
    op.create_table(
        PATIENTS,
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("penalties", sa.Integer(), nullable=False),
        sa.Column("penalties_counting", sa.Integer(), nullable=False),
        sa.Column("days", DAYS, nullable=False),
        sa.Column("cleared_days", DAYS, nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{PATIENTS}_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patients.hospital_id", "patients.id"],
            name=f"fk_{PATIENTS}_hospital_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("hospital_id", "patient_id", name=f"pk_{PATIENTS}"),
    )
    op.create_index(f"ix_{PATIENTS}_hospital_id_penalties", PATIENTS, ["hospital_id", "penalties"])
