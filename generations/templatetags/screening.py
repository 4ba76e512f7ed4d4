"""How a review is written: times to the hundredth, a studio's letters, a guest's colour."""

from datetime import datetime
from zlib import crc32

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext

register = template.Library()
TINTS = 6  # that the style sheet knows


@register.filter
def timecode(value: int | None) -> str:
    """Thousandths of a second as a review writes them: 0:04.16."""
    if value is None:
        return ""
    minutes, rest = divmod(value, 60_000)
    return f"{minutes}:{rest // 1000:02}.{rest % 1000 // 10:02}"


@register.filter
def initials(name: object) -> str:
    """What stands on a studio's sign: HL for Harbour Lane, 海 for 海港里."""
    words = str(name).split()
    letters = "".join(word[0] for word in words[:2]).upper()
    return letters if letters.isascii() else letters[:1]


@register.filter
def tint(name: object) -> int:
    """The same colour for the same person everywhere."""
    return crc32(str(name).encode()) % TINTS


@register.filter
def day(value: datetime) -> str:
    """4 December."""
    return date_format(timezone.localtime(value), pgettext("date", "j F"))
