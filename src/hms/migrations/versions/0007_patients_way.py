"""What patients do by themselves: verified addresses, links to choose a password, dependants."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("users", sa.Column("unverified_since", sa.DateTime(timezone=True), nullable=True))
    _patient_guardians()
    _login_links()
    _people_alike()


def downgrade() -> None:
    """Go back; a login that nobody verified stays inactive and without a password."""
    for column in ("email", "phone_tail", "date_of_birth"):
        op.drop_index(f"ix_patients_hospital_id_{column}", "patients")
    op.drop_column("patients", "phone_tail")
    op.drop_table("login_links")
    op.drop_table("patient_guardians")
    op.drop_column("users", "unverified_since")


def _people_alike() -> None:
    op.add_column("patients", sa.Column("phone_tail", sa.String(length=9), nullable=True))
    digits = "phone"
    for sign in "+ ()./-":
        digits = f"replace({digits}, '{sign}', '')"
    tail = f"CASE WHEN length({digits}) > 9 THEN substr({digits}, length({digits}) - 8) ELSE {digits} END"
    op.execute(f"UPDATE patients SET phone_tail = {tail} WHERE length({digits}) >= 7")  # noqa: S608 -- our own words
    op.execute("UPDATE patients SET email = lower(email) WHERE email <> lower(email)")
    for column in ("date_of_birth", "phone_tail", "email"):
        op.create_index(f"ix_patients_hospital_id_{column}", "patients", ["hospital_id", column])


def _patient_guardians() -> None:
    op.create_table(
        "patient_guardians",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_patient_guardians_created_by"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_patient_guardians_hospital_id"),
        sa.ForeignKeyConstraint(
            ["hospital_id", "user_id"],
            ["users.hospital_id", "users.id"],
            name="fk_patient_guardians_hospital_id_user_id",
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patients.hospital_id", "patients.id"],
            name="fk_patient_guardians_hospital_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_patient_guardians"),
        sa.UniqueConstraint("user_id", "patient_id", name="uq_patient_guardians_user_id_patient_id"),
    )
    op.create_index("ix_patient_guardians_patient_id", "patient_guardians", ["patient_id"])


def _login_links() -> None:
    op.create_table(
        "login_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("VERIFY", "RESET", name="link_purpose", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("person", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name="fk_login_links_hospital_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_links_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_login_links"),
    )
    op.create_index("ix_login_links_user_id", "login_links", ["user_id", "purpose"])
    op.create_index("ix_login_links_expires_at", "login_links", ["hospital_id", "expires_at"])
