"""``manage.py demo``: make a team to try Rushes with: keys of the sandbox, clips and a film."""

import os
import secrets
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from PIL import Image, ImageDraw

from generations import films, uploads
from generations.lifecycle.order import Stopped, order
from generations.models import Credential, Film, Membership, User
from generations.models.films import FILM
from generations.operations.startup import locked, prepare
from generations.providers.contract import Order, TaskKind
from generations.teams import credentials, members, provider_access
from generations.uploads import NamedUpload

TEAM, EMAIL = "Harbour Lane", "demo@rushes.local"
CREDENTIALS = {
    "vidu": "Sandbox",
    "relay": "Sandbox, relay",
    "vivienne": "Sandbox, Vivienne",
    "apixo": "Sandbox, APIXO",
}
KEY = "sandbox-demo"
CONTENT = tomllib.loads((Path(__file__).parents[1] / "demo.toml").read_text(encoding="utf-8"))

STOPPED = {
    "low_disk": "The disk is nearly full: make room, or set MIN_FREE_MB lower, and try again.",
    "": "Ordering is stopped here: manage.py allow_ordering ends that.",
}
# The pictures of the film: colours of ground, bottle and light.
STILLS = (("#4a2a18", "#c9742c", "#f2c58a"), ("#d9b98a", "#8a5a2e", "#fff1d6"))


class Command(BaseCommand):
    help = "Makes the team Harbour Lane, its owner and keys; orders clips and an ad film, once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo plays with the sandbox. Set SANDBOX=on.")
        prepare()
        try:
            with locked(settings.DATA_DIR / "demo.lock"):
                password = _make()
        except Stopped as stopped:
            raise CommandError(STOPPED.get(stopped.code, STOPPED[""])) from stopped
        self.stdout.write(f"Sign in at {settings.PUBLIC_URL}/accounts/login/")
        self.stdout.write(f"  e-mail    {EMAIL}\n  password  {password}")


def _make() -> str:
    """Make what is missing of the demo. Return the owner's password."""
    password = _password()
    membership = _membership(_owner(password))
    keys = {kind: _credential(membership, kind) for kind in CREDENTIALS}
    for ordinal, clip in enumerate(CONTENT["clip"], start=1):
        wanted = {name: value for name, value in clip.items() if name != "provider"}
        wanted |= {"kind": TaskKind.TEXT_TO_VIDEO}
        # The token makes this one order, however often the demo is started.
        order(
            membership,
            keys[clip["provider"]],
            Order(**wanted),
            accepts_unknown=True,  # the sandbox costs nothing
            form_token=f"demo-{ordinal}",
        )
    if not Film.objects.filter(team=membership.team).exists():
        _begin_film(membership, keys["vidu"])
    return password


def _begin_film(membership: Membership, credential: Credential) -> None:
    team, owner = membership.team, membership.user
    stills = [ContentFile(_still(*colours)) for colours in STILLS]
    pictures = [
        NamedUpload(uploads.add_picture(team, owner, still, "aurel.png")) for still in stills
    ]
    brief = Order(kind=TaskKind.FILM, **CONTENT["film"])
    films.order_film(
        membership,
        credential,
        brief,
        accepts_unknown=True,
        form_token=f"demo-{FILM}",
        pictures=pictures,
    )


def _still(ground: str, bottle: str, light: str) -> bytes:
    """Draw a bottle before a round light, as a PNG."""
    image = Image.new("RGB", (1280, 960), ground)
    brush = ImageDraw.Draw(image)
    brush.ellipse((390, 130, 890, 630), fill=light)
    brush.rounded_rectangle((520, 380, 760, 840), 36, fill=bottle)
    brush.rectangle((590, 300, 690, 390), fill=bottle)
    target = BytesIO()
    image.save(target, "png")
    return target.getvalue()


def _password() -> str:
    """Return the password, kept in DATA_DIR so that every start can print it."""
    path = settings.DATA_DIR / "keys" / "demo_password"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(9))
    return str(path.read_text())


def _owner(password: str) -> User:
    if found := User.objects.filter(email=EMAIL).first():
        return found
    return User.objects.create_user(EMAIL, password, name="Mara Lindqvist")


def _membership(owner: User) -> Membership:
    if not owner.memberships.filter(team__name=TEAM).exists():
        members.add_team(TEAM, owner)
    return owner.memberships.select_related("team").get(team__name=TEAM)


def _credential(membership: Membership, kind: str) -> Credential:
    """Return the sandbox's key, with the address of this start."""
    team, owner = membership.team, membership.user
    name, address = CREDENTIALS[kind], provider_access.sandbox_address(kind)
    found = Credential.objects.for_team(team).filter(name=name).first()
    if not found:
        return credentials.add(team, owner, kind=kind, name=name, base_url=address, key=KEY)
    if found.base_url != address:
        credentials.change(
            found,
            owner,
            name=name,
            base_url=address,
            slots=found.slots,
            requests_per_minute=found.requests_per_minute,
        )
    return found
