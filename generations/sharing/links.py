"""Share links: make and revoke them, find the one of a token, check passwords, count visits."""

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
# Tries of a password for one link and one address, and in how many seconds.
MOST_TRIES = 10
PERIOD = 600


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
    """Make a link. Return it with its token of 256 bits, of which only the hash is kept."""
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
    """Close a link for good; doing it twice changes nothing."""
    with transaction.atomic():
        if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now()):
            collection = link.collection
            audit.record(collection.team, by, "share.revoked", collection.title, link=link.pk)


def live_link(token: str) -> ShareLink | None:
    """Return the live link of a token; None for a wrong, an expired and a revoked one alike."""
    live = ShareLink.objects.live().select_related("collection__team")
    return live.filter(token_hash=_hash(token)).first()


def proof(link: ShareLink) -> str:
    """Return what a session keeps to prove that the password was given.

    It depends on the hash of the password, so another password makes it worthless.
    """
    kept = f"{link.pk}:{link.password}"
    return salted_hmac("generations.sharing", kept, algorithm="sha256").hexdigest()


def is_unlocked(link: ShareLink, kept: str) -> bool:
    """Whether a link has no password, or ``kept`` is the proof that it was given."""
    return not link.is_locked or constant_time_compare(kept, proof(link))


class TooManyTries(Exception):
    """The password was not checked; the visitor may try again within ten minutes."""


def try_password(link: ShareLink, password: str, address: str) -> bool:
    """Count a try, and return whether the password opens the link.

    Raise TooManyTries before the hasher is reached: hashing costs enough time to be an attack.
    """
    if not _take_try(f"share:{link.pk}:{address}"):
        raise TooManyTries
    return check_password(password, link.password)


def _take_try(who: str) -> bool:
    """Take one of MOST_TRIES in any PERIOD, or return False where none is free.

    It is exact also where many try at the same instant: each try is a cache key of its own, ``add``
    succeeds for one caller only, and a key names its period, so it is never used again. This period
    has as many keys as the tries of the last PERIOD seconds leave.
    """
    now = clock.now().timestamp()
    period = int(now // PERIOD)
    before = cache.get_many([f"{who}:{period - 1}:{index}" for index in range(MOST_TRIES)])
    recent = sum(at > now - PERIOD for at in before.values())
    keys = [f"{who}:{period}:{index}" for index in range(MOST_TRIES - recent)]
    taken = cache.get_many(keys)
    return any(cache.add(key, now, 2 * PERIOD) for key in keys if key not in taken)


def start_visit(link: ShareLink) -> ShareVisit:
    """Record that a guest's session began, and count it."""
    with transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(opens=F("opens") + 1, opened_at=clock.now())
        return ShareVisit.objects.create(link=link)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
