"""Notices of links to verify an address or to choose a password. The link itself is written at delivery."""

from hms.domain.events import LoginLinkMade, PasswordReset
from hms.domain.login_links import good_for_words
from hms.domain.messages import Channel, Notice, Priority
from hms.domain.people import LinkPurpose
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of

EMAIL_ONLY = frozenset({Channel.EMAIL})


@notices_of.register
def _(event: LoginLinkMade) -> list[Notice]:
    title, message = _words(event)
    return [
        Notice(
            cause=f"login_link:{event.link_id}",
            recipient=event.contact,
            type=f"LOGIN_LINK_{event.purpose.value}",
            title=title,
            is_new=True,
            message=message,
            channels=EMAIL_ONLY,
            priority=Priority.HIGH,  # somebody sits and waits for it
            metadata={"loginLinkId": str(event.link_id)},
        )
    ]


@notices_of.register
def _(event: PasswordReset) -> list[Notice]:
    return [
        Notice(
            cause=f"password_reset:{event.link_id}",
            recipient=event.contact,
            type="PASSWORD_RESET",
            title="Your Password Was Changed",
            is_new=True,
            message="Your password was changed by a link that we sent to this address, and you were signed out "
            "everywhere. If this was not you, please call the clinic.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,
        )
    ]


def _words(event: LoginLinkMade) -> tuple[str, str]:
    once = f"The link works once, for {good_for_words(event.purpose)}."
    if event.purpose is LinkPurpose.VERIFY:
        title = "Confirm Your Email Address"
        message = (
            "You wanted to sign up with this address. Please open the link and enter the password that you chose. "
            f"{once} If it was not you, do nothing: without the link nobody can sign in with your address."
        )
    elif event.is_known:
        title = "You Have a Login Already"
        message = (
            "Somebody, probably you, wanted to sign up with this address, which has a login here already. Please sign "
            f"in as before, or open the link to choose a new password. {once} If it was not you, do nothing."
        )
    else:
        title = "Choose a New Password"
        message = (
            "You asked for a new password. Please open the link and choose one. "
            f"{once} If it was not you, do nothing: your password stays as it is."
        )
    return title, message
