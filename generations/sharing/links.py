"""Share links: make and revoke them, find the one of a token, check passwords, count visits.

Also the backdrop of the page that asks for the password.
"""

import base64
import hashlib
import io
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from generations import clock
from generations.models import Collection, File, ShareLink, ShareVisit, User, audit
from generations.models.tasks import new_token

LIFE = timedelta(days=14)
# Tries of a password for one link and one address, and in how many seconds.
MOST_TRIES = 10
PERIOD = 600
BACKDROP_EDGE = 64  # pixels across
BACKDROP_BLUR = 1.5  # at this size as much as 34 px in a wide window
BACKDROP_SECONDS = 86_400  # how long it is kept in the cache


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
    # Found by its hash, so a copy of the database opens nothing.
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


def start_visit(link: ShareLink) -> ShareVisit:
    """Record that a guest's session began, and count it."""
    with transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(opens=F("opens") + 1, opened_at=clock.now())
        return ShareVisit.objects.create(link=link)


def blurred_poster(collection: Collection) -> str:
    """Return the blurred poster of the first clip that has one: a WebP in base64, "" for none.

    It stands behind the password field, too small and blurred to show anything.
    """
    items = collection.items.showable().exclude(file__poster="").select_related("file")
    first = items.first()
    if first is None:
        return ""
    # Drawing takes time, and this page is open to whoever has the address, so it is drawn once.
    key = f"backdrop:{first.file.sha256}"
    made: str | None = cache.get(key)
    if made is None:
        made = _draw_backdrop(first.file)
        cache.set(key, made, BACKDROP_SECONDS)
    return made


def _hash(token: str) -> str:
    # No slow hash is needed, as for a password: nobody guesses 256 bits.
    return hashlib.sha256(token.encode()).hexdigest()


def _take_try(who: str) -> bool:
    """Take one of MOST_TRIES in any PERIOD, or return False where none is free.

    It is exact also where many try at the same instant: each try is a cache key of its own, ``add``
    succeeds for one caller only, and a key names its period, so it is never used again. This period
    has as many keys as the tries of the last PERIOD seconds leave.
    """
    # Not one counter for a period: then somebody has twice as many tries around its end.
    now = clock.now().timestamp()
    period = int(now // PERIOD)
    before = cache.get_many([f"{who}:{period - 1}:{index}" for index in range(MOST_TRIES)])
    recent = sum(at > now - PERIOD for at in before.values())
    keys = [f"{who}:{period}:{index}" for index in range(MOST_TRIES - recent)]
    taken = cache.get_many(keys)
    return any(cache.add(key, now, 2 * PERIOD) for key in keys if key not in taken)


def _draw_backdrop(file: File) -> str:
    """Draw it here and not in a child process: Rushes made the poster, so it can be trusted."""
    # Imported here: no other page needs Pillow.
    from PIL import Image, ImageFilter

    try:
        with default_storage.open(file.poster) as source, Image.open(source) as image:
            image.thumbnail((BACKDROP_EDGE, BACKDROP_EDGE * 2))
            small = image.convert("RGB").filter(ImageFilter.GaussianBlur(BACKDROP_BLUR))
    except OSError:
        return ""
    buffer = io.BytesIO()
    small.save(buffer, "webp", quality=50)
    return base64.b64encode(buffer.getvalue()).decode()
