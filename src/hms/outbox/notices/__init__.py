"""From an event to the people who must be told, with the titles and texts of the rules.

Each module registers the notices of its events; a module that is not named here tells nobody.
"""

from hms.outbox.notices import (
    appointments,
    calendars,
    consultations,
    exports,
    job_runs,
    login_links,
    messages,
    no_shows,
    reports,
    stage_alerts,
)
from hms.outbox.notices.base import may_tell, notices_of

MODULES = (
    appointments,
    consultations,
    no_shows,
    calendars,
    job_runs,
    stage_alerts,
    login_links,
    reports,
    exports,
    messages,
)

__all__ = ["MODULES", "may_tell", "notices_of"]
