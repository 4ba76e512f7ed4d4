"""A team with keys and orders, made in a process of its own: ``manage.py shell`` runs ``tell``."""

import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client

from generations.lifecycle import order as ordering
from tests.factories import make_credential, make_member, wanted

MOST_AT_ONCE = 20


def tell(arguments: dict[str, Any]) -> None:
    print(json.dumps(place(**arguments)))


def place(
    *,
    base_url: str,
    keys: int = 1,
    orders: int = 0,
    prompt: str = "A bench",
    at_once: int = MOST_AT_ONCE,
    pause: float = 0,
    seed: int | None = None,
) -> dict[str, str]:
    """Orders go to the keys in turn, ``at_once``, with seconds of ``pause`` between.

    Answers the team's address and a session.
    """
    member = make_member()
    credentials = [
        make_credential(team=member.team, base_url=base_url, name=f"Key {number}")
        for number in range(keys)
    ]
    for first in range(0, orders, at_once):
        ordering.order(
            member,
            credentials[first // at_once % keys],
            replace(wanted(prompt=prompt), seed=seed),
            count=min(at_once, orders - first),
            form_token=uuid4().hex,
        )
        time.sleep(pause)
    client = Client()
    client.force_login(member.user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"team": member.team.slug, "session": session}
