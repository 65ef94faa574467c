"""How text messages are counted: networks carry and bill them by segments, and the letters decide how much fits in one.

The figures are those of GSM 03.38 and 03.40: 140 octets, less 6 for each part of a longer message.
"""

import unicodedata

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Letters of the same alphabet that take two places."""

_GSM_ALONE, _GSM_PART = 160, 153
_UCS2_ALONE, _UCS2_PART = 70, 67

_PLAINER = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "º": "o",
        "ª": "a",
    }
)


def is_gsm(text: str) -> bool:
    """Tell whether all letters of a text are those that take seven bits."""
    return all(letter in GSM_BASIC or letter in GSM_EXTENDED for letter in text)


def sms_segments(text: str) -> int:
    """Count the segments in which a text message travels; an empty one travels in one, too."""
    if is_gsm(text):
        sizes, alone, part = [2 if letter in GSM_EXTENDED else 1 for letter in text], _GSM_ALONE, _GSM_PART
    else:
        sizes, alone, part = [2 if ord(letter) > 0xFFFF else 1 for letter in text], _UCS2_ALONE, _UCS2_PART
    if sum(sizes) <= alone:
        return 1
    segments, room = 1, part
    for size in sizes:  # what takes two places is never torn apart
        if size > room:
            segments, room = segments + 1, part
        room -= size
    return segments


def thrifty(text: str) -> str:
    """Write a text without accents and fine punctuation where this makes it travel in fewer segments."""
    plainer = "".join(_plain(letter) for letter in text.translate(_PLAINER))
    return plainer if sms_segments(plainer) < sms_segments(text) else text


def _plain(letter: str) -> str:
    if letter in GSM_BASIC or letter in GSM_EXTENDED:
        return letter
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base in GSM_BASIC else letter
