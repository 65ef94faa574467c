"""The outside world behind Protocols: mail and SMS, each with a Null twin."""

from urllib.parse import urlsplit

from hms.gateways.composing import Sender
from hms.gateways.folders import EmlFolder, SmsFolder
from hms.gateways.protocols import Gateways, MailGateway, SmsGateway
from hms.gateways.sms import AppriseSms
from hms.gateways.smtp import SmtpMail
from hms.settings import Settings


def from_settings(settings: Settings) -> Gateways:
    """Build the ways out that the operator set; what is not set becomes a folder of files."""
    return Gateways(mail=_mail(settings), sms=_sms(settings))


def _mail(settings: Settings) -> MailGateway:
    sender = _sender(settings)
    if not settings.mail_server:
        return EmlFolder(settings.data_dir / "mail", sender)
    return SmtpMail(
        host=settings.mail_server,
        port=settings.mail_port,
        sender=sender,
        username=settings.mail_username,
        password=settings.mail_password.get_secret_value(),
        timeout_seconds=settings.mail_timeout_seconds,
    )


def _sms(settings: Settings) -> SmsGateway:
    url = settings.sms_url.get_secret_value()
    return AppriseSms(url) if url else SmsFolder(settings.data_dir / "sms")


def _sender(settings: Settings) -> Sender:
    if settings.mail_from:
        return Sender(settings.mail_from)
    if "@" in settings.mail_username:
        return Sender(settings.mail_username)
    host = urlsplit(settings.base_url).hostname or "localhost"
    return Sender(f"no-reply@{host}" if "." in host and not host[-1].isdigit() else "no-reply@hms.localhost")
