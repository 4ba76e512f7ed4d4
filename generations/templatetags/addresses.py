"""Stored files on pages: the address that plays, the one that downloads, and the format."""

from pathlib import Path

from django import template
from django.urls import reverse

from generations.models import File
from generations.models.files import FileRole

from .formats import codec

register = template.Library()

# In an address a file is named by its role; a video is "clip".
STEMS = {FileRole.VIDEO.value: "clip"}
PROXY = "proxy.mp4"
# Codecs that browsers play: where such a file does not play, its container is at fault.
PLAYED_CODECS = {"h264", "vp8", "vp9", "av1", "aac", "mp3", "opus", "vorbis", "flac"}


def original_name(file: File) -> str:
    """Return a file's own name in an address, with its true ending, e.g. ``clip.mov``."""
    return STEMS.get(file.role, file.role) + Path(file.name).suffix


def played_name(file: File) -> str:
    """Return the name of what a browser plays: the copy that was made for it, else the file."""
    return PROXY if file.proxy else original_name(file)


@register.filter
def play_url(file: File) -> str:
    """Return the address of what a browser plays."""
    return reverse("file", args=[file.pk, played_name(file)])


@register.filter
def download_url(file: File) -> str:
    """Return the address at which a browser saves the original."""
    return reverse("file", args=[file.pk, original_name(file)]) + "?download=1"


@register.filter
def original_format(file: File) -> str:
    """Name the format that browsers do not play, e.g. ``HEVC``, or ``H.264, MKV``."""
    named = codec(file.codec)
    if file.codec and file.codec not in PLAYED_CODECS:
        return named
    ending = Path(file.name).suffix.lstrip(".").upper()
    return ", ".join(filter(None, [named, ending]))
