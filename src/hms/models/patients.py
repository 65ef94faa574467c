"""Patients and their standing."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.people import PHONE_TAIL, Contact, PatientStatus, Sex
from hms.models.base import Base, choice_of, new_id


class Patient(Base):
    """A patient of one hospital. ``no_show_count`` is derived from penalties and can be recomputed.

    ``phone_tail``: the digits by which phone numbers are compared; ``email`` is stored lower-cased.
    """

    __tablename__ = "patients"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "user_id"], ["users.hospital_id", "users.id"]),
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("mrn"),
        UniqueConstraint("user_id"),
        Index(
            "uq_patients_hospital_id_external_ref",
            "hospital_id",
            "external_ref",
            unique=True,
            sqlite_where=text("external_ref IS NOT NULL"),
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
        Index("ix_patients_hospital_id_last_name", "hospital_id", "last_name", "first_name", "id"),
        Index("ix_patients_hospital_id_date_of_birth", "hospital_id", "date_of_birth"),
        Index("ix_patients_hospital_id_phone_tail", "hospital_id", "phone_tail"),
        Index("ix_patients_hospital_id_email", "hospital_id", "email"),
        CheckConstraint("no_show_count >= 0", name="no_show_count"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    user_id: Mapped[UUID | None]
    mrn: Mapped[str] = mapped_column(String(32))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    date_of_birth: Mapped[date | None]
    sex: Mapped[Sex] = mapped_column(choice_of(Sex), default=Sex.UNKNOWN)
    phone: Mapped[str | None] = mapped_column(String(32))
    phone_tail: Mapped[str | None] = mapped_column(String(PHONE_TAIL))
    email: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(16), default="en")
    status: Mapped[PatientStatus] = mapped_column(choice_of(PatientStatus), default=PatientStatus.ACTIVE)
    no_show_count: Mapped[int] = mapped_column(default=0)
    blocked_at: Mapped[datetime | None]
    blocked_reason: Mapped[str | None] = mapped_column(String(400))
    blocked_by_count: Mapped[bool] = mapped_column(default=False)
    search_text: Mapped[str] = mapped_column(String(400), default="")
    external_ref: Mapped[str | None] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    @property
    def contact(self) -> Contact:
        """Tell where this patient can be reached."""
        return Contact(
            name=f"{self.first_name} {self.last_name}",
            patient_id=self.id,
            user_id=self.user_id,
            email=self.email,
            phone=self.phone,
            language=self.language,
        )
