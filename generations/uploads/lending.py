"""Lend pictures to the providers of an order: in the order itself, or under a signed address."""

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
from generations.teams import credentials

SALT = "generations.uploads.address"
ADDRESS_LIFE = timedelta(hours=48)

type Given = Sequence[tuple[Upload, str]]
"""Pictures of an order, each with how the prompt calls it."""


def filled(wanted: Order, pictures: Given) -> Order:
    """The order with its pictures described, so that it can be judged."""
    images = tuple(described(upload, name) for upload, name in pictures)
    return replace(wanted, images=images) if pictures else wanted


def obstacle(credential: Credential, pictures: Given) -> Problem | None:
    """Why a credential's provider could not be given these pictures; None where it can."""
    limit = catalogue(credential.kind).inline_limit
    if _fit_inline(credential, pictures) or credentials.can_reach_us(credential):
        return None
    return (
        Problem("images", "body", {"limit": limit}) if limit else Problem("images", "unreachable")
    )


def _fit_inline(credential: Credential, pictures: Given) -> bool:
    limit = catalogue(credential.kind).inline_limit
    return sum(upload.size for upload, _name in pictures) <= limit


def attach(tasks: Sequence[Task], pictures: Given) -> None:
    """Write down which pictures new tasks are made from."""
    TaskPicture.objects.bulk_create(
        TaskPicture(task=task, upload=upload, ordinal=ordinal, name=name)
        for task in tasks
        for ordinal, (upload, name) in enumerate(pictures)
    )
    used = [upload.pk for upload, _name in pictures]
    Upload.objects.filter(pk__in=used).update(used_at=clock.now())


def lent(task: Task) -> tuple[Picture, ...]:
    """A task's pictures as its provider is given them: in the order itself, else by address.

    Raises Refused where a picture is gone, or the provider cannot reach us any more.
    """
    rows = task.pictures.select_related("upload").order_by("ordinal")
    pictures = [(row.upload, row.name) for row in rows]
    if obstacle(task.credential, pictures):
        raise Refused("pictures_unreachable", "The provider cannot fetch pictures from this site.")
    inline = _fit_inline(task.credential, pictures)
    return tuple(
        described(upload, name, _data(upload) if inline else address(upload, task.credential))
        for upload, name in pictures
    )


def _data(upload: Upload) -> str:
    """The picture itself, as an address (RFC 2397)."""
    try:
        content = base64.b64encode(store.read(upload.stored)).decode()
    except FileNotFoundError as error:
        raise Refused("picture_gone", f"The picture {upload.name} is not here any more.") from error
    return f"data:{upload.content_type};base64,{content}"


def described(upload: Upload, name: str = "", address: str = "") -> Picture:
    """As an order holds it; without an address for as long as the order is only judged."""
    return Picture(upload.width, upload.height, upload.size, name, address)


def address(upload: Upload, credential: Credential) -> str:
    """Where a credential's provider may fetch a picture for a while; "" where it cannot reach us.

    The address itself is the key: it opens this picture, and no other, to whoever has it.
    """
    if not credentials.can_reach_us(credential):
        return ""
    token = signing.dumps(upload.pk, salt=SALT)
    name = f"picture{Path(upload.stored).suffix}"  # some go by the suffix alone
    return f"{settings.PUBLIC_URL}{reverse('picture', args=[token, name])}"


def of_token(token: str) -> Upload | None:
    """The picture that an address was given out for; None where it is forged or has lapsed."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=ADDRESS_LIFE)
    except signing.BadSignature:
        return None
    return Upload.objects.filter(pk=pk).first()
