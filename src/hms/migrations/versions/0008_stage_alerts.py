"""Alerts of visits that wait, the evidence that the desk was working, and what forgiveness needs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ALERT_TYPES = ("NO_VITALS", "NO_DOCTOR", "WAITING_TOO_LONG")
ALERT_STATUSES = ("ACTIVE", "ACKNOWLEDGED", "RESOLVED")
OPEN = "status <> 'RESOLVED'"
TO_COME = "alert_due_at IS NOT NULL"
TO_REVIEW = "under_review OR status IN ('CHECKED_IN', 'IN_PROGRESS')"
LOGS, PENALTIES = "no_show_logs", "patient_no_show_penalties"


def upgrade() -> None:
    """Go forward."""
    _alert_due_at()
    _stage_alerts()
    _heartbeats()
    _forgiveness()
    _lists()


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_appointments_to_review", "appointments")
    for column in ("hospital_id", "patient_id"):
        op.drop_index(f"ix_{PENALTIES}_{column}_created_at", PENALTIES)
    op.create_index(f"ix_{PENALTIES}_patient_id", PENALTIES, ["patient_id", "created_at"])
    for column in ("doctor_id", "patient_id"):
        op.drop_index(f"ix_{LOGS}_{column}_triggered_at", LOGS)
        op.create_index(f"ix_{LOGS}_{column}", LOGS, [column])
    op.drop_column(PENALTIES, "version")
    op.drop_column(PENALTIES, "pardoned_at")
    op.drop_column(LOGS, "version")
    op.drop_table("heartbeats")
    op.drop_table("stage_alerts")
    op.drop_index("ix_appointments_alert_due", "appointments")
    op.drop_column("appointments", "alert_due_at")


def _alert_due_at() -> None:
    op.add_column("appointments", sa.Column("alert_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_appointments_alert_due",
        "appointments",
        ["hospital_id", "alert_due_at", "id"],
        sqlite_where=sa.text(TO_COME),
        postgresql_where=sa.text(TO_COME),
    )
    # Whoever waits at this moment is looked at by the next check.
    op.execute("UPDATE appointments SET alert_due_at = checked_in_at WHERE status = 'CHECKED_IN'")


def _stage_alerts() -> None:
    table = "stage_alerts"
    kind = sa.Enum(*ALERT_TYPES, name="alert_type", native_enum=False, length=24, create_constraint=True)
    status = sa.Enum(*ALERT_STATUSES, name="alert_status", native_enum=False, length=24, create_constraint=True)
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("alert_type", kind, nullable=False),
        sa.Column("status", status, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.CheckConstraint("NOT is_over OR status = 'RESOLVED'", name="over_is_resolved"),
        sa.CheckConstraint("(status = 'RESOLVED') = (resolved_at IS NOT NULL)", name="resolved_since"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{table}_hospital_id"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name=f"fk_{table}_appointment_id"),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["users.id"], name=f"fk_{table}_acknowledged_by"),
        sa.ForeignKeyConstraint(["resolved_by"], ["users.id"], name=f"fk_{table}_resolved_by"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(
        f"uq_{table}_appointment_id_alert_type",
        table,
        ["appointment_id", "alert_type"],
        unique=True,
        sqlite_where=sa.text("NOT is_over"),
        postgresql_where=sa.text("NOT is_over"),
    )
    op.create_index(
        f"ix_{table}_open",
        table,
        ["hospital_id", "triggered_at", "id"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )


def _heartbeats() -> None:
    table = "heartbeats"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("last_at >= first_at", name="span"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{table}_hospital_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_hospital_id_last_at", table, ["hospital_id", "last_at"])


def _forgiveness() -> None:
    for table in (LOGS, PENALTIES):
        op.add_column(table, sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column(PENALTIES, sa.Column("pardoned_at", sa.DateTime(timezone=True), nullable=True))


def _lists() -> None:
    for column in ("doctor_id", "patient_id"):
        op.drop_index(f"ix_{LOGS}_{column}", LOGS)
        op.create_index(f"ix_{LOGS}_{column}_triggered_at", LOGS, [column, "triggered_at", "id"])
    op.drop_index(f"ix_{PENALTIES}_patient_id", PENALTIES)
    for column in ("hospital_id", "patient_id"):
        op.create_index(f"ix_{PENALTIES}_{column}_created_at", PENALTIES, [column, "created_at", "id"])
    op.create_index(
        "ix_appointments_to_review",
        "appointments",
        ["hospital_id", "starts_at", "id"],
        sqlite_where=sa.text(TO_REVIEW),
        postgresql_where=sa.text(TO_REVIEW),
    )
