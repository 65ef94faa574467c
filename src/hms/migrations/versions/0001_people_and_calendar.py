"""Tables of hospitals, people and calendars."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _hospitals()
    _users()
    _login_sessions()
    _refresh_tokens()
    _patients()
    _doctors()
    _doctor_absences()
    _doctor_schedules()
    _hospital_holidays()
    _doctor_slots()


def downgrade() -> None:
    """Go back."""
    op.drop_table("doctor_slots")
    op.drop_table("hospital_holidays")
    op.drop_table("doctor_schedules")
    op.drop_table("doctor_absences")
    op.drop_table("doctors")
    op.drop_table("patients")
    op.drop_table("refresh_tokens")
    op.drop_table("login_sessions")
    op.drop_table("users")
    op.drop_table("hospitals")


def _hospitals() -> None:
    op.create_table(
        "hospitals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hospitals"),
        sa.UniqueConstraint("code", name="uq_hospitals_code"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "HOSPITAL_ADMIN",
                "RECEPTIONIST",
                "NURSE",
                "DOCTOR",
                "PATIENT",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_users_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("hospital_id", "email", name="uq_users_hospital_id_email"),
        sa.UniqueConstraint("hospital_id", "id", name="uq_users_hospital_id_id"),
    )
    op.create_index("ix_users_email", "users", ["email"])


def _login_sessions() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_login_sessions_hospital_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_sessions_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_login_sessions"),
    )
    op.create_index("ix_login_sessions_expires_at", "login_sessions", ["expires_at"])
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])


def _refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["login_sessions.id"],
            name="fk_refresh_tokens_session_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_refresh_tokens_token_hash"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])


def _patients() -> None:
    op.create_table(
        "patients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("mrn", sa.String(length=32), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column(
            "sex",
            sa.Enum(
                "FEMALE",
                "MALE",
                "OTHER",
                "UNKNOWN",
                name="sex",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE",
                "BLOCKED",
                "INACTIVE",
                name="patient_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("no_show_count", sa.Integer(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_reason", sa.String(length=400), nullable=True),
        sa.Column("blocked_by_count", sa.Boolean(), nullable=False),
        sa.Column("search_text", sa.String(length=400), nullable=False),
        sa.Column("external_ref", sa.String(length=100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("no_show_count >= 0", name=op.f("ck_patients_no_show_count")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "user_id"],
            ["users.hospital_id", "users.id"],
            name="fk_patients_hospital_id_user_id",
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_patients_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_patients"),
        sa.UniqueConstraint("hospital_id", "id", name="uq_patients_hospital_id_id"),
        sa.UniqueConstraint("mrn", name="uq_patients_mrn"),
        sa.UniqueConstraint("user_id", name="uq_patients_user_id"),
    )
    op.create_index(
        "ix_patients_hospital_id_last_name",
        "patients",
        ["hospital_id", "last_name", "first_name", "id"],
    )
    op.create_index(
        "uq_patients_hospital_id_external_ref",
        "patients",
        ["hospital_id", "external_ref"],
        unique=True,
        sqlite_where=sa.text("external_ref IS NOT NULL"),
        postgresql_where=sa.text("external_ref IS NOT NULL"),
    )


def _doctors() -> None:
    op.create_table(
        "doctors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("specialization", sa.String(length=100), nullable=False),
        sa.Column("slot_duration", sa.Integer(), nullable=False),
        sa.Column("max_patients_per_day", sa.Integer(), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("max_patients_per_day BETWEEN 0 AND 500", name=op.f("ck_doctors_max_patients_per_day")),
        sa.CheckConstraint("slot_duration BETWEEN 5 AND 480", name=op.f("ck_doctors_slot_duration")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "user_id"],
            ["users.hospital_id", "users.id"],
            name="fk_doctors_hospital_id_user_id",
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_doctors_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_doctors"),
        sa.UniqueConstraint("hospital_id", "id", name="uq_doctors_hospital_id_id"),
        sa.UniqueConstraint("user_id", name="uq_doctors_user_id"),
    )
    op.create_index("ix_doctors_hospital_id", "doctors", ["hospital_id"])


def _doctor_absences() -> None:
    op.create_table(
        "doctor_absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "absence_type",
            sa.Enum(
                "ANNUAL_LEAVE",
                "SICK_LEAVE",
                "CONFERENCE",
                "TRAINING",
                "PERSONAL",
                "EMERGENCY",
                "OTHER",
                name="absence_type",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE",
                "CANCELLED",
                name="absence_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("is_full_day", sa.Boolean(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=True),
        sa.Column("end_time", sa.Time(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(is_full_day AND start_time IS NULL AND end_time IS NULL) OR (NOT is_full_day AND start_date = end_date AND end_time > start_time)",
            name=op.f("ck_doctor_absences_part_of_day"),
        ),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_doctor_absences_dates")),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_doctor_absences_doctor_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_doctor_absences_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_doctor_absences"),
    )
    op.create_index("ix_doctor_absences_doctor_id_end_date", "doctor_absences", ["doctor_id", "end_date"])


def _doctor_schedules() -> None:
    op.create_table(
        "doctor_schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "day_of_week",
            sa.Enum(
                "MONDAY",
                "TUESDAY",
                "WEDNESDAY",
                "THURSDAY",
                "FRIDAY",
                "SATURDAY",
                "SUNDAY",
                name="day_of_week",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("end_time", sa.Time(), nullable=False),
        sa.Column("break_start", sa.Time(), nullable=True),
        sa.Column("break_end", sa.Time(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(break_start IS NULL AND break_end IS NULL) OR (break_start IS NOT NULL AND break_end IS NOT NULL AND break_start >= start_time AND break_end > break_start AND break_end <= end_time)",
            name=op.f("ck_doctor_schedules_break_inside_hours"),
        ),
        sa.CheckConstraint("end_time > start_time", name=op.f("ck_doctor_schedules_hours")),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_doctor_schedules_doctor_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_doctor_schedules_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_doctor_schedules"),
    )
    op.create_index(
        "ix_doctor_schedules_doctor_id_day_of_week",
        "doctor_schedules",
        ["doctor_id", "day_of_week"],
    )


def _hospital_holidays() -> None:
    op.create_table(
        "hospital_holidays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("is_recurring", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(length=400), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_hospital_holidays_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_hospital_holidays"),
    )
    op.create_index("ix_hospital_holidays_hospital_id_date", "hospital_holidays", ["hospital_id", "date"])


def _doctor_slots() -> None:
    op.create_table(
        "doctor_slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("slot_date", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("end_time", sa.Time(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_manually", sa.Boolean(), nullable=False),
        sa.Column("blocked_reason", sa.String(length=400), nullable=True),
        sa.Column("absence_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_doctor_slots_span")),
        sa.ForeignKeyConstraint(["absence_id"], ["doctor_absences.id"], name="fk_doctor_slots_absence_id"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name="fk_doctor_slots_doctor_id"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_doctor_slots_hospital_id"),
        sa.PrimaryKeyConstraint("id", name="pk_doctor_slots"),
        sa.UniqueConstraint("doctor_id", "starts_at", name="uq_doctor_slots_doctor_id_starts_at"),
    )
    op.create_index("ix_doctor_slots_absence_id", "doctor_slots", ["absence_id"])
    op.create_index("ix_doctor_slots_doctor_id_slot_date", "doctor_slots", ["doctor_id", "slot_date"])
