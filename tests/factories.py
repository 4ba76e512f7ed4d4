"""The standing cast: keyword-only functions that make rows as the site itself would."""

import hashlib
import io
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from generations.lifecycle import order as ordering
from generations.models import Credential, Membership, Role, Task, Team, Upload, User
from generations.providers.contract import Order
from generations.teams import credentials

# A figure that a test looks for on a page must never stand there by chance.
LETTERS = str.maketrans("0123456789", "ghijklmnop")


def a_word() -> str:
    """One that no other row has, without figures."""
    return uuid4().hex.translate(LETTERS)


def make_user(*, email: str = "", name: str = "", password: str = "rushes-rushes") -> User:
    return User.objects.create_user(email or f"{a_word()}@example.com", password, name=name)


def make_team(*, name: str = "Harbour Lane") -> Team:
    return Team.objects.create(name=name, slug=f"team-{a_word()[:8]}")


def make_member(
    *, team: Team | None = None, user: User | None = None, role: Role = Role.PRODUCER
) -> Membership:
    return Membership.objects.create(team=team or make_team(), user=user or make_user(), role=role)


def make_credential(
    *,
    team: Team,
    kind: str = "vidu",
    base_url: str = "http://127.0.0.1:9",
    key: str = "",
    name: str = "Studio key",
    slots: int = 5,
    requests_per_minute: int = 0,
) -> Credential:
    return credentials.add(
        team,
        None,
        kind=kind,
        name=name,
        base_url=base_url,
        key=key or f"sandbox-{uuid4().int % 10**8:08}",
        slots=slots,
        requests_per_minute=requests_per_minute,
    )


def wanted(
    *, prompt: str = "A lighthouse at dusk", model: str = "viduq2", seed: int | None = None
) -> Order:
    return Order(
        kind="text_to_video",
        model=model,
        prompt=prompt,
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
        seed=seed,
    )


def make_tasks(
    *,
    membership: Membership,
    credential: Credential,
    prompt: str = "A lighthouse at dusk",
    count: int = 1,
    seed: int | None = None,
) -> list[Task]:
    return ordering.order(
        membership,
        credential,
        wanted(prompt=prompt, seed=seed),
        count=count,
        form_token=uuid4().hex,
    )


def make_upload(
    *,
    team: Team,
    by: User | None = None,
    name: str = "bottle.jpg",
    size: tuple[int, int] = (640, 480),
    colour: str = "",
) -> Upload:
    """A stored picture of one colour, by default one that no other has.

    Its thumbnail is the picture itself.
    """
    buffer = io.BytesIO()
    Image.new("RGB", size, colour or f"#{uuid4().int % 0xFFFFFF:06x}").save(buffer, "jpeg")
    content = buffer.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    place = f"{team.pk}/uploads/{sha256}"
    return Upload.objects.create(
        team=team,
        created_by=by,
        name=name,
        sha256=sha256,
        size=len(content),
        width=size[0],
        height=size[1],
        content_type="image/jpeg",
        stored=default_storage.save(f"{place}.jpg", ContentFile(content)),
        thumbnail=default_storage.save(f"{place}.thumbnail.webp", ContentFile(content)),
    )
