"""Without the outside world, messages are files, one each, whole."""

from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from hms.gateways import from_settings
from hms.gateways.composing import Sender
from hms.gateways.folders import EmlFolder, SmsFolder
from hms.gateways.protocols import GatewayUnavailableError, Mail, ShortMessage
from hms.gateways.smtp import SmtpMail
from hms.settings import Settings
from tests.gateways.test_smtp import ID, make_mail

SENDER = Sender("no-reply@hms001.example")


def test_a_repeat_overwrites_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mail"
    first: Mail = make_mail()
    with EmlFolder(folder, SENDER).connected() as gateway:
        gateway.send(first)
        gateway.send(replace(first, subject="Again"))
    [file] = folder.iterdir()
    assert file.name == f"{ID}.eml"
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] == "Again"


def test_text_messages_are_kept_with_their_number(tmp_path: Path) -> None:
    with SmsFolder(tmp_path).connected() as gateway:
        gateway.send(ShortMessage(ID, "+911234", "See you at 09:00 – Zoë"))
    assert (tmp_path / f"{ID}.txt").read_text("utf-8") == "To: +911234\n\nSee you at 09:00 – Zoë\n"


def test_a_folder_that_cannot_be_used_is_not_the_messages_fault(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(GatewayUnavailableError), SmsFolder(tmp_path / "mail").connected():
        pass


def test_settings_choose_the_way_out(tmp_path: Path) -> None:
    none = from_settings(Settings(_env_file=None, data_dir=tmp_path))
    assert none.mail == EmlFolder(tmp_path / "mail", Sender("no-reply@hms.localhost"))
    assert none.sms == SmsFolder(tmp_path / "sms")
    mail = from_settings(
        Settings(_env_file=None, data_dir=tmp_path, mail_server="mx.example", mail_username="hms@clinic.example")
    ).mail
    assert mail == SmtpMail("mx.example", 587, Sender("hms@clinic.example"), "hms@clinic.example")
