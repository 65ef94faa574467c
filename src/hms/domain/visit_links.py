"""Links by which a patient confirms, moves or cancels one visit without signing in: until it begins, or is moved."""

from hms.domain.appointments import Status

REASON = "By the link in a message"
"""What the history says of a change that came by a link."""


def came_by_link(reason: str | None) -> bool:
    """Tell whether a change of a visit's state came by a link: nobody was signed in, so nobody is named."""
    return reason is not None and reason.startswith(REASON)


def is_about(link_sequence: int, sequence: int, status: Status) -> bool:
    """Tell whether a link still is about a visit, whose sequence grows with each move and with the cancellation.

    A cancelled visit's last link still shows that it is cancelled.
    """
    return link_sequence == sequence or (status is Status.CANCELLED and link_sequence == sequence - 1)
