"""Notices of links to verify an address or to choose a password. The link itself is written at delivery."""

from datetime import timedelta

from hms.domain.events import LoginLinkMade, PasswordReset
from hms.domain.login_links import GOOD_FOR
from hms.domain.messages import Channel, Notice, Priority
from hms.domain.people import LinkPurpose
from hms.languages import Voice
from hms.outbox.notices.base import IN_APP_AND_EMAIL, notices_of, voice_for

EMAIL_ONLY = frozenset({Channel.EMAIL})


@notices_of.register
def _(event: LoginLinkMade, locale: str) -> list[Notice]:
    say = voice_for(event.contact, locale)
    title, message = _words(say, event)
    return [
        Notice(
            cause=f"login_link:{event.link_id}",
            recipient=event.contact,
            type=f"LOGIN_LINK_{event.purpose.value}",
            title=title,
            is_new=True,
            message=message,
            language=say.language,
            channels=EMAIL_ONLY,
            priority=Priority.HIGH,  # somebody sits and waits for it
            metadata={"loginLinkId": str(event.link_id)},
        )
    ]


@notices_of.register
def _(event: PasswordReset, locale: str) -> list[Notice]:
    say = voice_for(event.contact, locale)
    return [
        Notice(
            cause=f"password_reset:{event.link_id}",
            recipient=event.contact,
            type="PASSWORD_RESET",
            title=say("Your Password Was Changed"),
            is_new=True,
            message=say(
                "Your password was changed by a link that we sent to this address, and you were signed out everywhere. "
                "If this was not you, please call the clinic."
            ),
            language=say.language,
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,
        )
    ]


def _words(say: Voice, event: LoginLinkMade) -> tuple[str, str]:
    once = say.many(
        "The link works once, for one hour.",
        "The link works once, for {count} hours.",
        GOOD_FOR[event.purpose] // timedelta(hours=1),
    )
    if event.purpose is LinkPurpose.VERIFY:
        title = say("Confirm Your Email Address")
        message = say(
            "You wanted to sign up with this address. Please open the link and enter the password that you chose. "
            "{once} If it was not you, do nothing: without the link nobody can sign in with your address.",
            once=once,
        )
    elif event.is_known:
        title = say("You Have a Login Already")
        message = say(
            "Somebody, probably you, wanted to sign up with this address, which has a login here already. Please sign "
            "in as before, or open the link to choose a new password. {once} If it was not you, do nothing.",
            once=once,
        )
    else:
        title = say("Choose a New Password")
        message = say(
            "You asked for a new password. Please open the link and choose one. {once} If it was not you, do nothing: "
            "your password stays as it is.",
            once=once,
        )
    return title, message
