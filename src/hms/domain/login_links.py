"""Links that are mailed to prove an address: how long they are good, and how many are sent."""

from datetime import timedelta

from hms.domain.people import LinkPurpose

GOOD_FOR: dict[LinkPurpose, timedelta] = {
    LinkPurpose.VERIFY: timedelta(hours=24),
    LinkPurpose.RESET: timedelta(hours=1),
}
MOST_AT_ONCE = 5
"""Links to one address within `WINDOW`: whoever asks more often floods somebody's mailbox."""

WINDOW = timedelta(hours=1)
KEPT_FOR = timedelta(days=7)
"""How long an address that nobody has verified keeps its place."""
