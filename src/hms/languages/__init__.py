"""The languages that HMS speaks to people in: their names, their catalogues, and voices that say things in them."""

from hms.languages.names import ENGLISH, LANGUAGES, is_rtl, spoken
from hms.languages.voices import Said, Voice, marked, one_line, unfenced, voice

__all__ = ["ENGLISH", "LANGUAGES", "Said", "Voice", "is_rtl", "marked", "one_line", "spoken", "unfenced", "voice"]
