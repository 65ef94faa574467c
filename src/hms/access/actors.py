"""The one who acts: a login, or the system itself; and for which patients."""

from dataclasses import dataclass
from uuid import UUID

from hms.domain.people import STAFF, Role

SYSTEM_ROLE = "SYSTEM"
LINK_ROLE = "PATIENT_BY_LINK"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which hospital. ``role`` is None for the system (jobs, command line, imports).

    ``patient_id``: one's own record. ``dependants``: patients whom one's login looks after. ``by_link``: nobody is
    signed in; somebody tapped a signed link that was sent to the patient, and may do what it says.
    """

    hospital_id: UUID
    role: Role | None
    user_id: UUID | None = None
    patient_id: UUID | None = None
    doctor_id: UUID | None = None
    session_id: UUID | None = None
    dependants: frozenset[UUID] = frozenset()
    by_link: bool = False

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
    def patient_ids(self) -> frozenset[UUID]:
        """The patients whose records are one's own: oneself, if one is a patient, and one's dependants."""
        return self.dependants if self.patient_id is None else self.dependants | {self.patient_id}

    def owns(self, patient_id: UUID) -> bool:
        """Tell whether a patient's record is one's own, or that of somebody one looks after.

        The one place that decides it; queries ask `hms.access.scope.own_patients`, which reads the same set.
        """
        return patient_id == self.patient_id or patient_id in self.dependants

    @property
    def role_name(self) -> str:
        """The role as the audit trail shows it."""
        if self.by_link:
            return LINK_ROLE
        return self.role.value if self.role else SYSTEM_ROLE
