"""Hospitals: the tenants. Every other row belongs to one."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.policy import Policy
from hms.models.base import Base, new_id


class Hospital(Base):
    """One hospital with its time zone, locale and policy (only what differs from the defaults is stored)."""

    __tablename__ = "hospitals"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16), default="en")
    address: Mapped[str] = mapped_column(String(400), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    @property
    def zone(self) -> ZoneInfo:
        """The hospital's IANA time zone."""
        return ZoneInfo(self.timezone)

    @property
    def policy(self) -> Policy:
        """The hospital's settings over the defaults."""
        return Policy.from_settings(self.settings)
