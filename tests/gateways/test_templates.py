"""Letters say who writes, and what they say stays text."""

from hms.gateways.templates import SHORT, Letter, Letterhead, html, plain, short

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
    assert len(text) <= SHORT
    assert text.startswith("Klinik Süd: long")
    assert text.endswith("… +911234")
    assert short(Letter(Letterhead("A"), "Roy", "T", "Two\nlines")) == "A: Two lines"
