"""Share links: make one, find the one that a token opens, take it back, count who opens it."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from generations import audit, clock
from generations.models import Collection, ShareLink, ShareVisit, User
from generations.models.tasks import new_token

LIFE = timedelta(days=14)
TRIES = 10
PERIOD = 600  # seconds: so many tries of a password in so long a time


@dataclass(frozen=True, slots=True)
class Terms:
    """What a link allows. ``password``: "" for none."""

    name: str = ""
    password: str = ""
    life: timedelta = LIFE
    allows_downloads: bool = False
    shows_prompts: bool = False
    language: str = "en"


def make(collection: Collection, by: User, terms: Terms) -> tuple[ShareLink, str]:
    """A link and its token of 256 bits, which is returned this once; only its hash is kept."""
    token = new_token()
    password = make_password(terms.password) if terms.password else ""
    with transaction.atomic():
        link = ShareLink.objects.create(
            collection=collection,
            name=terms.name,
            token_hash=_hash(token),
            password=password,
            allows_downloads=terms.allows_downloads,
            shows_prompts=terms.shows_prompts,
            language=terms.language,
            created_by=by,
            expires_at=clock.now() + terms.life,
        )
        audit.record(collection.team, by, "share.added", collection.title, link=link.pk)
    return link, token


def revoke(link: ShareLink, by: User) -> None:
    """The link opens nothing from now on; to do it twice changes nothing."""
    with transaction.atomic():
        if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now()):
            collection = link.collection
            audit.record(collection.team, by, "share.revoked", collection.title, link=link.pk)


def opened_by(token: str) -> ShareLink | None:
    """The live link of this token; a wrong, an expired and a revoked one are nothing alike."""
    live = ShareLink.objects.live().select_related("collection__team")
    return live.filter(token_hash=_hash(token)).first()


def proof(link: ShareLink) -> str:
    """What a session keeps to show that the password was given; it dies with the password."""
    kept = f"{link.pk}:{link.password}"
    return salted_hmac("generations.sharing", kept, algorithm="sha256").hexdigest()


def is_unlocked(link: ShareLink, kept: str) -> bool:
    return not link.is_locked or constant_time_compare(kept, proof(link))


class TooManyTries(Exception):
    """The password was not even looked at; it may be tried again within ten minutes."""


def try_password(link: ShareLink, password: str, address: str) -> bool:
    """Whether the password opens the link. Raises TooManyTries before the hasher is reached."""
    if not _take_try(f"share:{link.pk}:{address}"):
        raise TooManyTries
    return check_password(password, link.password)


def _take_try(who: str) -> bool:
    """One of TRIES in any PERIOD, or False; exact also where many try at the same instant.

    ``add`` succeeds for one caller only, and no key is used again: it names its period. A place
    of this period is free only where the last period's recent tries leave one.
    """
    now = clock.now().timestamp()
    period = int(now // PERIOD)
    before = cache.get_many([f"{who}:{period - 1}:{place}" for place in range(TRIES)])
    recent = sum(at > now - PERIOD for at in before.values())
    places = [f"{who}:{period}:{place}" for place in range(TRIES - recent)]
    taken = cache.get_many(places)
    return any(cache.add(place, now, 2 * PERIOD) for place in places if place not in taken)


def visit(link: ShareLink) -> ShareVisit:
    """A guest's session begins."""
    with transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(opens=F("opens") + 1, opened_at=clock.now())
        return ShareVisit.objects.create(link=link)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
