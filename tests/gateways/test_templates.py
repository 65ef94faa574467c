"""Letters say who writes, and what they say stays text."""

from hms.domain.sms import sms_segments
from hms.gateways.templates import MOST_SEGMENTS, Letter, Letterhead, Step, html, plain, short

CLINIC = Letterhead("Klinik Süd", "1 River Road", "+911234")


def test_both_forms_say_the_same() -> None:
    letter = Letter(CLINIC, "Roy", "Appointment Booked", "It is on Friday.", (("Doctor", "Dr. Rao"),))
    for said in ("Appointment Booked", "Dear Roy,", "It is on Friday.", "Dr. Rao", "1 River Road", "Phone +911234"):
        assert said in plain(letter)
        assert said in html(letter)


def test_nothing_is_taken_for_markup() -> None:
    page = html(Letter(Letterhead("<i>A</i>"), "<i>B</i>", "<i>C</i>", "<i>D</i>", (("<i>E</i>", "<i>F</i>"),)))
    assert "<i>" not in page
    assert page.count("&lt;i&gt;") == 8


def test_a_text_message_is_short_and_keeps_the_phone_number() -> None:
    text = short(Letter(CLINIC, "Roy", "Title", "long " * 200))
    assert sms_segments(text) == MOST_SEGMENTS
    assert text.startswith("Klinik Süd: long")
    assert text.endswith("... +911234")
    assert short(Letter(Letterhead("A"), "Roy", "T", "Two\nlines")) == "A: Two lines"


def test_steps_are_addresses_in_text_and_buttons_in_html() -> None:
    steps = (
        Step("I will come", "https://hms.example/v/a", is_main=True),
        Step("Cancel", "https://hms.example/v/b?x=1&y"),
    )
    letter = Letter(CLINIC, "", "Title", "Text.", steps=steps)
    assert "Hello,\n" in plain(letter)
    assert "I will come:\nhttps://hms.example/v/a\n\nCancel:\nhttps://hms.example/v/b?x=1&y\n\n-- " in plain(letter)
    assert 'href="https://hms.example/v/a"' in html(letter)
    assert 'href="https://hms.example/v/b?x=1&amp;y"' in html(letter)


def test_the_address_in_a_text_message_is_never_cut() -> None:
    text = short(Letter(CLINIC, "Roy", "Title", "long " * 200), ["Go on: https://hms.example/v/a"])
    assert sms_segments(text) == MOST_SEGMENTS
    assert text.endswith("... Go on: https://hms.example/v/a +911234")
