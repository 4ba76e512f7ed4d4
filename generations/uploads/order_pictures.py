"""The pictures of an order; a provider gets them in the order itself or by a signed URL."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.urls import reverse

from generations import clock
from generations.models import Credential, Task, TaskPicture, Upload
from generations.providers.catalogue import Problem, catalogue
from generations.providers.contract import Order, Picture, Refused
from generations.storage import store
from generations.teams import provider_access

SALT = "generations.uploads.address"  # part of every signature: a new one breaks live URLs
URL_LIFETIME = timedelta(hours=48)

type NamedUploads = Sequence[tuple[Upload, str]]
"""Uploads of an order, each with the name that the prompt has for it."""


def with_pictures(wanted: Order, pictures: NamedUploads) -> Order:
    """The order with its pictures, as the catalogue needs it to check the order."""
    images = tuple(to_picture(upload, name) for upload, name in pictures)
    return replace(wanted, images=images) if pictures else wanted


def obstacle(credential: Credential, pictures: NamedUploads) -> Problem | None:
    """Why a credential's provider cannot get these pictures; None if it can."""
    limit = catalogue(credential.kind).inline_limit
    if _can_inline(credential, pictures) or provider_access.can_reach_us(credential):
        return None
    return (
        Problem("images", "body", {"limit": limit}) if limit else Problem("images", "unreachable")
    )


def _can_inline(credential: Credential, pictures: NamedUploads) -> bool:
    limit = catalogue(credential.kind).inline_limit
    return sum(upload.size for upload, _name in pictures) <= limit


def attach(tasks: Sequence[Task], pictures: NamedUploads) -> None:
    """Create the rows that link new tasks to their pictures."""
    TaskPicture.objects.bulk_create(
        TaskPicture(task=task, upload=upload, ordinal=ordinal, name=name)
        for task in tasks
        for ordinal, (upload, name) in enumerate(pictures)
    )
    pks = [upload.pk for upload, _name in pictures]
    Upload.objects.filter(pk__in=pks).update(used_at=clock.now())


def pictures_of(task: Task) -> tuple[Picture, ...]:
    """A task's pictures for its provider: inside the order if they fit, else by signed URL.

    Raises Refused if a picture is gone, or if the provider cannot reach us any more.
    """
    rows = task.pictures.select_related("upload").order_by("ordinal")
    pictures = [(row.upload, row.name) for row in rows]
    if obstacle(task.credential, pictures):
        raise Refused("pictures_unreachable", "The provider cannot fetch pictures from this site.")
    if _can_inline(task.credential, pictures):
        return tuple(to_picture(upload, name, _data_url(upload)) for upload, name in pictures)
    return tuple(
        to_picture(upload, name, signed_url(upload, task.credential)) for upload, name in pictures
    )


def _data_url(upload: Upload) -> str:
    """The picture itself as a data URL (RFC 2397)."""
    try:
        content = base64.b64encode(store.read(upload.stored)).decode()
    except FileNotFoundError as error:
        raise Refused("picture_gone", f"The picture {upload.name} is not here any more.") from error
    return f"data:{upload.content_type};base64,{content}"


def to_picture(upload: Upload, name: str = "", url: str = "") -> Picture:
    """An upload as a picture of an order; without a URL while the order is only checked."""
    return Picture(upload.width, upload.height, upload.size, name, url)


def signed_url(upload: Upload, credential: Credential) -> str:
    """A URL at which a credential's provider can fetch a picture; "" if it cannot reach us.

    Whoever has the URL can fetch this picture, and no other, until URL_LIFETIME is over.
    """
    if not provider_access.can_reach_us(credential):
        return ""
    token = signing.dumps(upload.pk, salt=SALT)
    name = f"picture{Path(upload.stored).suffix}"  # some providers look at the suffix only
    return f"{settings.PUBLIC_URL}{reverse('picture', args=[token, name])}"


def find_by_token(token: str) -> Upload | None:
    """The picture of a signed URL's token; None if the token is forged or too old."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=URL_LIFETIME)
    except signing.BadSignature:
        return None
    return Upload.objects.filter(pk=pk).first()
