"""Formats of all pages: icons, lengths, sizes, ages and amounts."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from zlib import crc32

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

from generations import clock

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
CODECS = {
    **{"h264": "H.264", "hevc": "HEVC", "av1": "AV1", "vp8": "VP8", "vp9": "VP9"},
    **{"prores": "ProRes", "dnxhd": "DNxHD", "mpeg4": "MPEG-4", "mpeg2video": "MPEG-2"},
}
TINTS = 6  # that the style sheet knows


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """Draw an icon of ``static/vendor/lucide.svg``; screen readers skip it."""
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true"><use href="{1}#{2}"/></svg>',
        size,
        static("vendor/lucide.svg"),
        name,
    )


@register.filter
def seconds(value: float | None) -> str:
    """Format a length as a clock shows it: 0:05, 1:12, 1:02:03."""
    if value is None:
        return ""
    minutes, second = divmod(round(value), MINUTE)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


@register.filter
def milliseconds(value: int | None) -> str:
    """Format milliseconds as a clock shows them; what is shorter than a second is one second."""
    return "" if value is None else seconds(max(value / 1000, 1))


@register.filter
def megabytes(value: int | None) -> str:
    """Format bytes as megabytes with one decimal: 6.1."""
    return f"{(value or 0) / 1_000_000:,.1f}"


@register.filter
def filesize(value: int | None) -> str:
    """Format bytes in the unit that people read: 640 kB, 6.1 MB, 1.2 GB."""
    size = value or 0
    if size < 1_000_000:
        return f"{max(round(size / 1000), 1 if size else 0):,}\N{NO-BREAK SPACE}kB"
    if size < 1_000_000_000:
        return f"{size / 1_000_000:,.1f}\N{NO-BREAK SPACE}MB"
    return f"{size / 1_000_000_000:,.1f}\N{NO-BREAK SPACE}GB"


@register.filter
def codec(value: str) -> str:
    """Name a codec as people write it."""
    return CODECS.get(value, value)


@register.filter
def span(length: timedelta) -> str:
    """Format a length of time in its largest unit: 40 s, 52 min, 3 h, 2 days."""
    total = max(int(length.total_seconds()), 0)
    if total < MINUTE:
        return gettext("%(count)s s") % {"count": total}
    if total < HOUR:
        return gettext("%(count)s min") % {"count": total // MINUTE}
    if total < DAY:
        return gettext("%(count)s h") % {"count": total // HOUR}
    days = total // DAY
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


@register.filter
def age(value: datetime | None) -> str:
    """Format how long ago it was, from a day on as the date."""
    if value is None:
        return ""
    passed = clock.now() - value
    if passed < timedelta(minutes=1):
        return pgettext("age", "now")
    if passed < timedelta(days=1):
        return pgettext("age", "%(span)s ago") % {"span": span(passed)}
    return dated(value)


@register.filter
def dated(value: datetime) -> str:
    """Format the day and the time: 20 Nov 17:21."""
    return date_format(timezone.localtime(value), pgettext("date", "j M H:i"))


@register.filter
def left(value: datetime | None) -> str:
    """Format how long it is from now until then."""
    return "" if value is None else span(value - clock.now())


@register.filter
def elapsed(value: datetime | None) -> str:
    """Format how long it is since then, as a clock shows it."""
    return "" if value is None else seconds(max((clock.now() - value).total_seconds(), 0))


@register.filter
def remaining(value: datetime | None) -> str:
    """Format how long it is from now until then, as a clock shows it."""
    return "" if value is None else seconds(max((value - clock.now()).total_seconds(), 0))


@register.filter
def at(value: datetime | None) -> str:
    """Format the time of day: 17:21."""
    return "" if value is None else date_format(timezone.localtime(value), "H:i")


@register.filter
def when(value: datetime) -> str:
    """Format the time of day, with the day where that is not today: 17:21, 20 Nov 17:21."""
    is_today = timezone.localdate(value) == timezone.localdate(clock.now())
    return at(value) if is_today else dated(value)


@register.filter
def exactly(value: datetime | None) -> str:
    """Format the time of day to the second: 17:21:58."""
    return "" if value is None else date_format(timezone.localtime(value), "H:i:s")


@register.filter
def initial(value: object) -> str:
    """Return the letter that stands for a person."""
    return str(value)[:1].upper()


@register.filter
def number(value: int | None) -> str:
    """Format a whole number with a comma at each thousand and a true minus."""
    return "–" if value is None else f"{value:,}".replace("-", "−")


def dollars(cents: int) -> str:
    """Format US cents as people write them: $74.87, −$0.15."""
    return f"{'−' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


def _with_unknown(known: str, value: int | None, unknown: int) -> str:
    """Add how many are in no sum, because nobody knows them: "900 + 2 not known"."""
    if not unknown:
        return known
    rest = gettext("%(n)s not known") % {"n": number(unknown)}
    # A 0 beside what is not known would look like a fact.
    return format_html('{} <span class="unknown-cost">+ {}</span>', known, rest) if value else rest


@register.simple_tag
def amount(value: int | None, unit: str, unknown: int = 0) -> str:
    """Format an amount of a provider's unit: "35 credits", "42 points", "$74.87" (of cents).

    What nobody knows is "an unknown amount", and never 0. ``unknown`` counts what is not in a sum.
    """
    return _with_unknown(_amount(value, unit), value, unknown)


def _amount(value: int | None, unit: str) -> str:
    if value is None:
        return gettext("an unknown amount")
    if unit == "cent":
        return dollars(value)
    words = {
        "credit": ngettext("%(n)s credit", "%(n)s credits", value),
        "point": ngettext("%(n)s point", "%(n)s points", value),
    }
    return words.get(unit, "%(n)s " + unit) % {"n": number(value)}


@register.simple_tag
def ordinal(position: int) -> SafeString:
    """Format a position in a line, its number large: 3rd."""
    # 11, 12 and 13 end in "th", unlike 1, 2 and 3.
    is_teen = 10 <= position % 100 <= 20
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    forms = {
        "st": pgettext("place", "<strong>{place}</strong><small>st</small>"),
        "nd": pgettext("place", "<strong>{place}</strong><small>nd</small>"),
        "rd": pgettext("place", "<strong>{place}</strong><small>rd</small>"),
        "th": pgettext("place", "<strong>{place}</strong><small>th</small>"),
    }
    return format_html(forms[ending], place=position)


@register.simple_tag
def sentences(*parts: object) -> str:
    """Join those that are not empty; Chinese puts no space between them."""
    form = pgettext("sentences", "{first} {then}")
    filled = (str(part) for part in parts if part)
    return reduce(lambda first, then: format_html(form, first=first, then=then), filled)


@register.simple_tag
def figure(value: int | None, unit: str, unknown: int = 0) -> str:
    """Format an amount without its unit's name: 12,480; money keeps its sign: $74.87.

    ``unknown`` counts what is not in a sum: "12,480 + 2 not known".
    """
    known = dollars(value) if unit == "cent" and value is not None else number(value)
    return _with_unknown(known, value, unknown)


@register.filter
def unit_name(unit: str) -> str:
    """Name what is counted: "credits", "points", "US dollars"."""
    names = {
        "credit": gettext("credits"),
        "point": gettext("points"),
        "cent": gettext("US dollars"),
    }
    return names.get(unit, unit)


def price_in_words(price: Decimal, unit: str, per: str) -> str:
    """Return a price as people write it: "7.5 credits a second", "$0.05 a clip"."""
    number = plain_price(price, unit)
    if unit == "cent":
        number = f"${number}"
    else:
        number = pgettext("amount", "%(n)s %(unit)s") % {"n": number, "unit": unit_name(unit)}
    form = gettext("%(price)s a second") if per == "second" else gettext("%(price)s a clip")
    return form % {"price": number}


def plain_price(units: Decimal, unit: str) -> str:
    """Return the number of a price as an owner types it; that of cents in dollars."""
    if unit != "cent":
        return f"{units.normalize():,f}"
    whole, _point, rest = f"{units / 100:,.6f}".partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"


@register.filter
def timecode(value: int | None) -> str:
    """Format milliseconds to a hundredth of a second, as reviews write them: 0:04.16."""
    if value is None:
        return ""
    minutes, rest = divmod(value, 60_000)
    return f"{minutes}:{rest // 1000:02}.{rest % 1000 // 10:02}"


@register.filter
def initials(name: object) -> str:
    """Shorten a team's name: HL for Harbour Lane, 海 for 海港里."""
    words = str(name).split()
    letters = "".join(word[0] for word in words[:2]).upper()
    # One Chinese character is as wide as two letters.
    return letters if letters.isascii() else letters[:1]


@register.filter
def tint(name: object) -> int:
    """Return one of ``TINTS`` colours, the same for the same person everywhere."""
    # Not ``hash``: it differs from process to process.
    return crc32(str(name).encode()) % TINTS


@register.filter
def day(value: datetime) -> str:
    """Format the day of the year: 4 December."""
    return date_format(timezone.localtime(value), pgettext("date", "j F"))


@register.filter
def full_date(value: date) -> str:
    """Format a day with its year: 13 Aug 2026."""
    return date_format(value, pgettext("date", "j M Y"))
