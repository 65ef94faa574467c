"""The hospital's settings: every figure of its policy is there, is saved, and is refused beside its field."""

from __future__ import annotations

from dataclasses import fields
from html.parser import HTMLParser

import pytest

from hms.domain.people import Role
from hms.domain.policy import Policy
from hms.models import Hospital
from hms.web.pages.settings import FIGURES
from tests.support.clinic import Clinic, Visitor
from tests.support.factories import make_user
from tests.support.visits import reload


class Form(HTMLParser):
    """Reads what a browser would send of a page's fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if (
            tag != "input"
            or not (name := found.get("name"))
            or (found.get("type") == "checkbox" and "checked" not in found)
        ):
            return
        self.values[name] = found.get("value") or ""


@pytest.fixture
def admin(clinic: Clinic) -> Visitor:
    return clinic.client(clinic.admin)


def sent(admin: Visitor, **changes: str | None) -> dict[str, str]:
    """Return the form as it stands, with changes; None: a switch that is off."""
    values = Form(admin.get("/settings").text).values | changes
    return {name: value for name, value in values.items() if value is not None and name != "csrf_token"}


def policy(clinic: Clinic) -> Policy:
    found = reload(clinic.runtime, Hospital, clinic.hospital.id).policy
    assert isinstance(found, Policy)
    return found


def test_every_figure_of_the_policy_has_its_words() -> None:
    assert set(FIGURES) == {field.name for field in fields(Policy)}


def test_saving_what_is_shown_changes_nothing(clinic: Clinic, admin: Visitor) -> None:
    before = policy(clinic)
    assert "Saved" in admin.post("/settings", sent(admin)).text
    assert policy(clinic) == before


def test_figures_switches_and_lists_are_saved(clinic: Clinic, admin: Visitor) -> None:
    typed = sent(
        admin, waiting_alert_minutes="45", kiosk_check_in="yes", reminder_days_before="0, 3", no_show_window_days="180"
    )
    assert "Saved" in admin.post("/settings", typed | {"phone": "+91 11 5555 0100"}).text
    now = policy(clinic)
    assert (now.waiting_alert_minutes, now.kiosk_check_in, now.reminder_days_before) == (45, True, (0, 3))
    assert now.no_show_window_days == 180
    assert reload(clinic.runtime, Hospital, clinic.hospital.id).phone == "+91 11 5555 0100"
    admin.post("/settings", sent(admin, kiosk_check_in=None, no_show_window_days=""))
    assert (policy(clinic).kiosk_check_in, policy(clinic).no_show_window_days) == (False, None)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("waiting_alert_minutes", "soon", "whole number"),
        ("waiting_alert_minutes", "2", "between 5 and 720"),
        ("horizon_days", "", "whole number"),
        ("reminder_days_before", "0, tomorrow", "commas"),
        ("reminder_days_before", "0, 99", "between 0 and 30"),
        ("no_show_check_schedule", "often", "five fields"),
        ("name", " ", "Is required"),
    ],
)
def test_nonsense_is_refused_beside_its_field_and_stays(
    clinic: Clinic, admin: Visitor, name: str, value: str, said: str
) -> None:
    before = policy(clinic)
    refused = admin.post("/settings", sent(admin, **{name: value}))
    assert refused.status_code == 422
    assert f'id="{name}-wrong"' in refused.text
    assert said in refused.text
    assert Form(refused.text).values[name] == value
    assert policy(clinic) == before


def test_two_admins_at_once_are_told(clinic: Clinic, admin: Visitor) -> None:
    stale = sent(admin, waiting_alert_minutes="45")
    assert admin.post("/settings", sent(admin, vitals_alert_minutes="7")).status_code == 200
    refused = admin.post("/settings", stale)
    assert refused.status_code == 422
    assert "Somebody else changed this meanwhile" in refused.text
    assert policy(clinic).waiting_alert_minutes == 60


def test_is_for_admins_only(clinic: Clinic) -> None:
    for role in (Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR, Role.PATIENT):
        other = clinic.client(make_user(clinic.runtime, clinic.hospital, role))
        assert other.get("/settings").status_code == 403
        assert other.post("/settings", {"name": "Mine"}).status_code == 403
