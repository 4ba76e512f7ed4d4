"""Amounts where the unit stands beside them already: in tables, on charts, over columns."""

from django import template
from django.utils.translation import gettext

from .look import dollars, number

register = template.Library()


@register.simple_tag
def figure(value: int | None, unit: str) -> str:
    """The amount without its unit's name: 12,480; money keeps its sign: $74.87."""
    return dollars(value) if unit == "cent" and value is not None else number(value)


@register.filter
def unit_name(unit: str) -> str:
    """What is counted: "credits", "points", "US dollars"."""
    names = {
        "credit": gettext("credits"),
        "point": gettext("points"),
        "cent": gettext("US dollars"),
    }
    return names.get(unit, unit)
