"""Which languages there are, and which of them somebody means."""

from types import MappingProxyType

ENGLISH = "en"

LANGUAGES = MappingProxyType(
    {
        ENGLISH: "English",
        "es": "Español",
        "pt": "Português",
        "hi": "हिन्दी",
        "ar": "العربية",
    }
)
"""Every language by its code, with the name that its own speakers give it, in the order in which lists show them."""

_RTL = frozenset({"ar"})


def spoken(language: str) -> str | None:
    """Return which of LANGUAGES a tag such as ``pt-BR`` or ``ES_mx`` means; None for a language that is not spoken."""
    code = language.replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else None


def is_rtl(language: str) -> bool:
    """Tell whether a language is written from right to left."""
    return language in _RTL
