"""Days on which a hospital's clinics are closed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id


class HospitalHoliday(Base):
    """A closed day, once or every year on the same month and day. A date is in a hospital's list once."""

    __tablename__ = "hospital_holidays"
    __table_args__ = (Index("uq_hospital_holidays_hospital_id_date", "hospital_id", "date", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    name: Mapped[str] = mapped_column(String(200))
    date: Mapped[date]
    is_recurring: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str | None] = mapped_column(String(400))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
