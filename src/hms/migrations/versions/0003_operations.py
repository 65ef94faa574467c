"""Tables of no-shows and of the automation: reviews, runs, audit, notifications, messages."""

import sqlalchemy as sa
from alembic import op

from hms.migrations.sql import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _appointment_reviews()
    _no_show_logs()
    _patient_no_show_penalties()
    _cron_job_runs()
    _audit_log()
    _notifications()
    _outgoing_messages()
    _idempotency_keys()
    run_sql("0003_operations.up")


def downgrade() -> None:
    """Go back."""
    run_sql("0003_operations.down")
    op.drop_table("idempotency_keys")
    op.drop_table("outgoing_messages")
    op.drop_table("notifications")
    op.drop_table("audit_log")
    op.drop_table("cron_job_runs")
    op.drop_table("patient_no_show_penalties")
    op.drop_table("no_show_logs")
    op.drop_table("appointment_reviews")


def _appointment_reviews() -> None:
    op.create_table(
        "appointment_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "DOCTOR_ABSENT",
                "HOSPITAL_HOLIDAY",
                "OUTSIDE_SCHEDULE",
                "BEYOND_CATCH_UP",
                "IMPORTED_OPEN",
                "LEFT_OPEN",
                "NO_EVIDENCE",
                name="review_reason",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "NO_SHOW",
                "ATTENDED",
                "CLINIC_FAULT",
                name="review_decision",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_appointment_reviews_appointment_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_appointment_reviews_decided_by"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_appointment_reviews_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appointment_reviews"),
        sa.UniqueConstraint("appointment_id", name="uq_appointment_reviews_appointment_id"),
    )
    op.create_index(
        "ix_appointment_reviews_open",
        "appointment_reviews",
        ["hospital_id", "opened_at"],
        unique=False,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def _no_show_logs() -> None:
    op.create_table(
        "no_show_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "AUTO_TIMEOUT",
                "MANUAL_STAFF",
                "MANUAL_DOCTOR",
                "PATIENT_CALLED",
                name="no_show_reason",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("slot_time", sa.Time(), nullable=False),
        sa.Column("timeout_minutes", sa.Integer(), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slot_released", sa.Boolean(), nullable=False),
        sa.Column("slot_released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notification_sent", sa.Boolean(), nullable=False),
        sa.Column("justified", sa.Boolean(), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.String(length=400), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name="fk_no_show_logs_appointment_id"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_no_show_logs_created_by"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_no_show_logs_doctor_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_no_show_logs_hospital_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_no_show_logs_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_no_show_logs"),
        sa.UniqueConstraint("appointment_id", name="uq_no_show_logs_appointment_id"),
    )
    op.create_index("ix_no_show_logs_doctor_id", "no_show_logs", ["doctor_id"])
    op.create_index(
        "ix_no_show_logs_hospital_id_triggered_at",
        "no_show_logs",
        ["hospital_id", "triggered_at", "id"],
    )
    op.create_index("ix_no_show_logs_patient_id", "no_show_logs", ["patient_id"])


def _patient_no_show_penalties() -> None:
    op.create_table(
        "patient_no_show_penalties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("email_sent", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("justified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name="fk_patient_no_show_penalties_appointment_id",
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_patient_no_show_penalties_hospital_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_patient_no_show_penalties_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_patient_no_show_penalties"),
        sa.UniqueConstraint("appointment_id", name="uq_patient_no_show_penalties_appointment_id"),
    )
    op.create_index(
        "ix_patient_no_show_penalties_patient_id",
        "patient_no_show_penalties",
        ["patient_id", "created_at"],
    )


def _cron_job_runs() -> None:
    op.create_table(
        "cron_job_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column(
            "job_name",
            sa.Enum(
                "NO_SHOW_CHECK",
                "SLOT_HORIZON",
                "HOUSEKEEPING",
                name="job_name",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "RUNNING",
                "COMPLETED",
                "FAILED",
                name="run_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("items_processed", sa.Integer(), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_cron_job_runs_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cron_job_runs"),
        sa.UniqueConstraint(
            "hospital_id",
            "job_name",
            "scheduled_for",
            name="uq_cron_job_runs_hospital_id_job_name_scheduled_for",
        ),
    )
    op.create_index(
        "ix_cron_job_runs_hospital_id_job_name_started_at",
        "cron_job_runs",
        ["hospital_id", "job_name", "started_at"],
    )
    op.create_index(
        "uq_cron_job_runs_running",
        "cron_job_runs",
        ["hospital_id", "job_name"],
        unique=True,
        sqlite_where=sa.text("status = 'RUNNING'"),
        postgresql_where=sa.text("status = 'RUNNING'"),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.String(length=24), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=32), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_audit_log_actor_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_audit_log_hospital_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_entity_id", "audit_log", ["entity_id"])
    op.create_index("ix_audit_log_hospital_id_seq", "audit_log", ["hospital_id", "seq"])


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column(
            "priority",
            sa.Enum(
                "LOW",
                "NORMAL",
                "HIGH",
                name="priority",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("user_id IS NOT NULL OR patient_id IS NOT NULL", name=op.f("ck_notifications_recipient")),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_notifications_hospital_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_notifications_patient_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_notifications_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_patient_id", "notifications", ["patient_id", "created_at"])
    op.create_index("ix_notifications_user_id", "notifications", ["user_id", "created_at"])


def _outgoing_messages() -> None:
    op.create_table(
        "outgoing_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "in_app",
                "email",
                "sms",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "SENDING",
                "DELIVERED",
                "FAILED",
                name="message_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_outgoing_messages_hospital_id"),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name="fk_outgoing_messages_notification_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_messages"),
        sa.UniqueConstraint("key", name="uq_outgoing_messages_key"),
    )
    op.create_index(
        "ix_outgoing_messages_hospital_id_status",
        "outgoing_messages",
        ["hospital_id", "status", "created_at"],
    )
    op.create_index("ix_outgoing_messages_notification_id", "outgoing_messages", ["notification_id"])
    op.create_index(
        "ix_outgoing_messages_waiting",
        "outgoing_messages",
        ["rank", "next_attempt_at", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('PENDING', 'SENDING')"),
        postgresql_where=sa.text("status IN ('PENDING', 'SENDING')"),
    )


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_idempotency_keys_hospital_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency_keys"),
        sa.UniqueConstraint("user_id", "key", name="uq_idempotency_keys_user_id_key"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
