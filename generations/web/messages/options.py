"""The words of an order's fields, of its options and of their choices."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .reasons import Sentence

LABELS: Mapping[str, Sentence] = {
    "seed": _("Seed"),
    "style": _("Style"),
    "movement_amplitude": _("Motion"),
    "bgm": _("Music"),
    "audio": _("Sound"),
    "audio_type": _("What is heard"),
    "is_rec": _("Prompt by the model"),
    "off_peak": _("Off-peak"),
    "watermark": _("Watermark"),
    "wm_position": _("Corner of the mark"),
    "wm_url": _("Picture of the mark"),
    "meta_data": _("Metadata"),
    "route": _("Route"),
    "images": _("Pictures"),
}
HELP: Mapping[str, Sentence] = {
    "seed": _("Empty means a new one each time."),
    "off_peak": _("half price, up to 48 h"),
    "wm_url": _("An address; empty means the provider's own mark."),
    "meta_data": _("A JSON object that the file carries; empty means the provider's own."),
}
CHOICES: Mapping[str, Sentence] = {
    "auto": pgettext_lazy("motion", "Auto"),
    "small": pgettext_lazy("motion", "Small"),
    "medium": pgettext_lazy("motion", "Medium"),
    "large": pgettext_lazy("motion", "Large"),
    "general": pgettext_lazy("style", "General"),
    "anime": pgettext_lazy("style", "Anime"),
    "all": pgettext_lazy("sound", "All"),
    "speech_only": pgettext_lazy("sound", "Speech"),
    "sound_effect_only": pgettext_lazy("sound", "Effects"),
    "top_left": pgettext_lazy("corner", "Top left"),
    "top_right": pgettext_lazy("corner", "Top right"),
    "bottom_right": pgettext_lazy("corner", "Bottom right"),
    "bottom_left": pgettext_lazy("corner", "Bottom left"),
    "value": pgettext_lazy("route", "Cheapest"),
    "official": pgettext_lazy("route", "Official"),
}
