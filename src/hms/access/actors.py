"""The one who acts: a login, or the system itself."""

from dataclasses import dataclass
from uuid import UUID

from hms.domain.people import STAFF, Role

SYSTEM_ROLE = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which hospital. ``role`` is None for the system (jobs, command line, imports)."""

    hospital_id: UUID
    role: Role | None
    user_id: UUID | None = None
    patient_id: UUID | None = None
    doctor_id: UUID | None = None
    session_id: UUID | None = None

    @classmethod
    def system(cls, hospital_id: UUID) -> "Actor":
        """Build the actor of jobs and of the command line: it may do everything within one hospital."""
        return cls(hospital_id=hospital_id, role=None)

    @property
    def is_system(self) -> bool:
        """Tell whether no person acts."""
        return self.role is None

    @property
    def is_staff(self) -> bool:
        """Tell whether one of the hospital's own people acts."""
        return self.role in STAFF

    @property
    def role_name(self) -> str:
        """The role as the audit trail shows it."""
        return self.role.value if self.role else SYSTEM_ROLE
