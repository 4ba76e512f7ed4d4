"""``manage.py demo``: a team to look around in, with the pretend provider and a few clips."""

import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from generations import credentials, people
from generations.lifecycle.order import order
from generations.models import Credential, Membership, User
from generations.providers.contract import Order
from generations.supervise.prepare import alone, prepare

TEAM, EMAIL, CREDENTIAL = "Harbour Lane", "demo@rushes.local", "Sandbox"
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


class Command(BaseCommand):
    help = "Makes the team Harbour Lane, its owner and its sandbox key, and orders clips, once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo plays with the sandbox. Set SANDBOX=on.")
        prepare()
        with alone(settings.DATA_DIR / "demo.lock"):
            password = _make()
        self.stdout.write(f"Sign in at {settings.PUBLIC_URL}/accounts/login/")
        self.stdout.write(f"  e-mail    {EMAIL}\n  password  {password}")


def _make() -> str:
    """Whatever of the demo is missing; returns the owner's password."""
    password = _password()
    membership = _membership(_owner(password))
    credential = _credential(membership)
    for number, clip in enumerate(CLIPS, start=1):
        order(membership, credential, clip, count=1, form_token=f"demo-{number}")
    return password


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
        people.add_team(TEAM, owner)
    return owner.memberships.select_related("team").get(team__name=TEAM)


def _credential(membership: Membership) -> Credential:
    """The sandbox's key; its address follows the port of this start."""
    team, owner = membership.team, membership.user
    found = Credential.objects.for_team(team).filter(name=CREDENTIAL).first()
    if not found:
        return credentials.add(
            team,
            owner,
            kind="vidu",
            name=CREDENTIAL,
            base_url=settings.SANDBOX_URL,
            key="sandbox-demo",
        )
    if found.base_url != settings.SANDBOX_URL:
        credentials.change(
            found,
            owner,
            name=CREDENTIAL,
            base_url=settings.SANDBOX_URL,
            slots=found.slots,
            requests_per_minute=found.requests_per_minute,
        )
    return found
