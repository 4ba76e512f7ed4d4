"""``manage.py demo``: a team to look around in, with the pretend provider and a few clips."""

import os
import secrets
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from PIL import Image, ImageDraw

from generations import films, uploads
from generations.lifecycle.order import Stopped, order
from generations.models import Credential, Film, Membership, User
from generations.models.films import FILM
from generations.operations.supervisor.prepare import alone, prepare
from generations.providers.contract import Order
from generations.teams import credentials, members

TEAM, EMAIL = "Harbour Lane", "demo@rushes.local"
CREDENTIALS = {
    "vidu": "Sandbox",
    "relay": "Sandbox, relay",
    "vivienne": "Sandbox, Vivienne",
    "apixo": "Sandbox, APIXO",
}
KEY = "sandbox-demo"
KIND = "text2video"
CLIPS = (
    Order(
        kind=KIND,
        model="viduq3-turbo",
        prompt="Dawn over a small harbour: fishing boats leave through the mist, gulls follow, "
        "slow crane shot upwards",
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
    ),
    Order(
        kind=KIND,
        model="viduq2",
        prompt="雨夜的老城小巷，红灯笼倒映在青石板上，一只白猫缓缓走过，电影感特写",
        duration=4,
        resolution="540p",
        aspect_ratio="9:16",
    ),
    Order(
        kind=KIND,
        model="viduq3-pro",
        prompt="A potter's hands raise a bowl on the wheel, wet clay, warm window light, macro",
        duration=5,
        resolution="540p",
        aspect_ratio="1:1",
    ),
    Order(
        kind=KIND,
        model="viduq3-turbo",
        prompt="A night train crosses a snow-covered viaduct, lit windows, seen from far away",
        duration=6,
        resolution="540p",
        aspect_ratio="4:3",
    ),
    Order(
        kind=KIND,
        model="viduq2",
        prompt="An orange slice drops into sparkling water in slow motion, bubbles, white studio",
        duration=3,
        resolution="540p",
        aspect_ratio="3:4",
    ),
)
# One clip of each gateway.
ELSEWHERE = {
    "relay": Order(
        kind=KIND,
        model="viduq2",
        prompt="Two cyclists on a coast road at noon, seen from a drone that slowly overtakes them",
        duration=4,
        resolution="540p",
        aspect_ratio="16:9",
    ),
    "vivienne": Order(
        kind=KIND,
        model="viduq2",
        prompt="清晨的茶园，云雾从山谷升起，采茶人的斗笠在绿色梯田间移动，航拍",
        duration=4,
        resolution="540p",
        aspect_ratio="4:3",
    ),
    "apixo": Order(
        kind=KIND,
        model="vidu-q3-turbo",
        prompt="A paper boat drifts down a rainy gutter past neon reflections, low angle",
        duration=4,
        resolution="540p",
        aspect_ratio="9:16",
    ),
}

STOPPED = {
    "low_disk": "The disk is nearly full: make room, or set MIN_FREE_MB lower, and try again.",
    "": "Ordering is stopped here: manage.py allow_ordering ends that.",
}
BRIEF = Order(
    kind=FILM,
    model="one-click",
    prompt="Aurel, a perfume of salt and amber: the bottle, a walk over the dunes, evening light",
    duration=10,
    aspect_ratio="16:9",
    options={"language": "en"},
)
# The still lifes of the brief: ground, bottle and light as colours.
STILLS = (("#4a2a18", "#c9742c", "#f2c58a"), ("#d9b98a", "#8a5a2e", "#fff1d6"))


class Command(BaseCommand):
    help = "Makes the team Harbour Lane, its owner and keys; orders clips and an ad film, once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo plays with the sandbox. Set SANDBOX=on.")
        prepare()
        try:
            with alone(settings.DATA_DIR / "demo.lock"):
                password = _make()
        except Stopped as stopped:
            raise CommandError(STOPPED.get(stopped.code, STOPPED[""])) from stopped
        self.stdout.write(f"Sign in at {settings.PUBLIC_URL}/accounts/login/")
        self.stdout.write(f"  e-mail    {EMAIL}\n  password  {password}")


def _make() -> str:
    """Whatever of the demo is missing; returns the owner's password."""
    password = _password()
    membership = _membership(_owner(password))
    keys = {kind: _credential(membership, kind) for kind in CREDENTIALS}
    for number, clip in enumerate(CLIPS, start=1):
        order(membership, keys["vidu"], clip, form_token=f"demo-{number}")
    for kind, clip in ELSEWHERE.items():
        order(membership, keys[kind], clip, form_token=f"demo-{kind}")
    if not Film.objects.filter(team=membership.team).exists():
        _begin_film(membership, keys["vidu"])
    return password


def _begin_film(membership: Membership, credential: Credential) -> None:
    team, owner = membership.team, membership.user
    stills = [ContentFile(_still(*colours)) for colours in STILLS]
    pictures = [(uploads.add(team, owner, still, "aurel.png"), "") for still in stills]
    films.begin(membership, credential, BRIEF, form_token=f"demo-{FILM}", pictures=pictures)


def _still(ground: str, bottle: str, light: str) -> bytes:
    """A bottle before a round light, as a PNG."""
    image = Image.new("RGB", (1280, 960), ground)
    brush = ImageDraw.Draw(image)
    brush.ellipse((390, 130, 890, 630), fill=light)
    brush.rounded_rectangle((520, 380, 760, 840), 36, fill=bottle)
    brush.rectangle((590, 300, 690, 390), fill=bottle)
    target = BytesIO()
    image.save(target, "png")
    return target.getvalue()


def _password() -> str:
    """Made up once and kept in DATA_DIR, so that every start can print it."""
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
    """The sandbox's key; its address follows the port of this start."""
    team, owner = membership.team, membership.user
    name, address = CREDENTIALS[kind], credentials.sandbox_address(kind)
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
