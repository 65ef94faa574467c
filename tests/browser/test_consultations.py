"""A doctor's day in a real browser: begin, write, lose the connection, lose nothing, complete."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import Page, expect
from sqlalchemy import select

from hms.models import Consultation
from hms.services import consultations
from hms.services.consultations import Edit
from tests.browser.conftest import Accessibility, Complaints, Served, assert_fits_a_hand
from tests.support.factories import actor_of

SOON_MS = 12_000


def notes(served: Served, visit: UUID) -> str | None:
    with served.clinic.runtime.reading() as session:
        return session.scalar(select(Consultation.treatment_notes).where(Consultation.appointment_id == visit))


def consultation_of(served: Served, visit: UUID) -> UUID:
    with served.clinic.runtime.reading() as session:
        return session.scalars(select(Consultation.id).where(Consultation.appointment_id == visit)).one()


def test_doctor_writes_through_a_lost_connection_and_completes(
    served: Served, page: Page, accessibility: Accessibility, complaints: Complaints
) -> None:
    visit = served.clinic.visits["Fatima"]
    served.let_in(page, served.clinic.doctors[1])
    expect(page.locator("#s-vitals")).to_contain_text("Fatima Khan")
    accessibility.assert_none(page)
    assert_fits_a_hand(page)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Start, Fatima Khan")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fatima Khan")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    saves_by_itself_and_catches_up(page)
    assert notes(served, visit) == "Rest, fluids, tea"
    brings_back_what_was_typed_before_the_page_went(page)
    asks_which_text_is_to_stay(served, page, visit)
    assert notes(served, visit) == "Rest, fluids, tea and honey"
    page.get_by_role("button", name="Complete the visit").click()
    expect(page.get_by_label("Chief complaint")).to_be_focused()
    expect(page.locator("#consultation")).to_contain_text("Chief complaint is required")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        accessibility.assert_none(page)
    assert_fits_a_hand(page)
    page.keyboard.type("Chest pain")
    page.get_by_role("button", name="Complete the visit").click()
    expect(page.locator("#toasts")).to_contain_text("Fatima Khan's visit is completed")
    expect(page.locator("#s-done")).to_contain_text("Fatima Khan")
    complaints.said = [said for said in complaints.said if not any(word in said for word in ("net::ERR", "409", "422"))]


def saves_by_itself_and_catches_up(page: Page) -> None:
    state = page.locator("#save-state")
    page.get_by_label("Treatment notes").fill("Rest")
    expect(state).to_contain_text("Saved at 10:40")
    page.context.set_offline(True)
    page.get_by_label("Treatment notes").fill("Rest, fluids")
    expect(state).to_contain_text("No connection")
    page.get_by_label("Treatment notes").fill("Rest, fluids, tea")
    page.context.set_offline(False)
    expect(state).to_contain_text("Saved at", timeout=SOON_MS)


def brings_back_what_was_typed_before_the_page_went(page: Page) -> None:
    state = page.locator("#save-state")
    page.route("**/draft", lambda route: route.abort())
    page.get_by_label("Diagnosis in words").fill("Angina")
    page.get_by_label("ICD-10 code").fill("flu")
    page.keyboard.press("Enter")
    page.keyboard.type("Anaemia")
    expect(state).to_contain_text("No connection", timeout=SOON_MS)
    page.unroute("**/draft")
    page.reload()
    expect(page.locator("#draft-notice")).to_contain_text("is back")
    expect(page.get_by_label("Diagnosis in words")).to_have_count(2)
    expect(state).to_contain_text("except what is marked")
    expect(page.locator("[data-rows=diagnosis]")).to_contain_text("Not an ICD-10 code")
    page.get_by_label("ICD-10 code").first.fill("i20.9")
    expect(state).to_contain_text("Saved at 10:40")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('hms-draft')).length") == 0


def asks_which_text_is_to_stay(served: Served, page: Page, visit: UUID) -> None:
    edit = Edit(consultation_of(served, visit), treatment_notes="By the administrator")
    served.clinic.runtime.transact(actor_of(served.clinic.admin), consultations.edit, edit)
    page.get_by_label("Treatment notes").fill("Rest, fluids, tea and honey")
    expect(page.locator("#draft-notice")).to_contain_text("changed elsewhere")
    assert notes(served, visit) == "By the administrator"
    page.get_by_role("button", name="Keep what is here").click()
    expect(page.locator("#save-state")).to_contain_text("Saved at 10:40")
