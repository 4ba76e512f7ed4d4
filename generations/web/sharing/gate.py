"""The one access check of everything that a share link opens: pages, posters, clips, archives.

A wrong, an expired and a revoked token get the same response, and so does whatever is not in the
link's collection. For each link a guest's session keeps the proof that its password was given, the
visit, the guest's name, and the language that was chosen.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from generations.models import Membership, ShareLink, ShareVisit
from generations.sharing import links
from generations.web.access import View

type GuestView[**P] = Callable[Concatenate[HttpRequest, Guest, P], HttpResponseBase]
KEPT = "shares"
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


class Guest:
    """A visitor with a live link, as far as the session knows."""

    def __init__(self, request: HttpRequest, link: ShareLink, token: str) -> None:
        self.request, self.link, self.token = request, link, token
        self.kept: dict[str, Any] = dict(request.session.get(KEPT, {}).get(str(link.pk), {}))

    @property
    def is_inside(self) -> bool:
        """Whether the password was given, or there is none."""
        return links.is_unlocked(self.link, self.kept.get("proof", ""))

    @property
    def language(self) -> str:
        chosen = self.kept.get("language", self.link.language)
        return chosen if chosen in LANGUAGES else settings.LANGUAGE_CODE

    @property
    def name(self) -> str:
        return str(self.kept.get("name", ""))

    def keep(self, **what: object) -> None:
        """Keep values in the session, for this link alone."""
        self.kept.update(what)
        # A new value and not a changed one: Django saves a session only when a key is assigned.
        every = self.request.session.get(KEPT, {})
        self.request.session[KEPT] = {**every, str(self.link.pk): self.kept}

    def unlock(self) -> None:
        """Note that the password was right; the session gets a new key, as at a login."""
        self.request.session.cycle_key()
        self.keep(proof=links.proof(self.link))

    def visit(self) -> ShareVisit:
        """Return the visit of this session; the first call starts it."""
        known = self.link.visits.filter(pk=self.kept.get("visit") or 0)
        found: ShareVisit | None = known.first()
        if found is None:
            found = links.start_visit(self.link)
            self.keep(visit=found.pk)
        return found

    def enter(self) -> None:
        """Count the session, unless a member of the team opens the team's own link."""
        user = self.request.user
        mine = Membership.objects.filter(team=self.link.collection.team_id)
        if "visit" in self.kept or (user.is_authenticated and mine.filter(user=user).exists()):
            return
        self.visit()


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check of forms, for pages with the policy ``no-referrer``.

    With that policy browsers send ``Origin: null`` even from the same site. On HTTPS they also send
    ``Sec-Fetch-Site``, which must then say ``same-origin``. The form token is always required.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] != "null":
            return bool(super()._origin_verified(request))  # type: ignore[misc]
        is_same_origin = request.headers.get("Sec-Fetch-Site") == "same-origin"
        return is_same_origin or not request.is_secure()


_csrf_check = _CsrfCheck(lambda request: HttpResponse())


def gone(request: HttpRequest) -> HttpResponse:
    """Return the one response to everything that is not open, whatever the reason."""
    return render(request, "sharing/guest/gone.html", status=404)


def private[R: HttpResponseBase](response: R, language: str = "") -> R:
    """Set headers: no search engine indexes it, no link sends its address on, no cache keeps it."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers.setdefault("Cache-Control", "no-store")
    patch_vary_headers(response, ["Cookie"])  # also where the view did not read the session
    if language:
        response["Content-Language"] = language
    return response


def _gate(view: GuestView[...], *, is_open: bool) -> View:
    """``is_open``: guests may come without the password, because the view asks for it itself."""

    @csrf_exempt
    @wraps(view)
    def enter(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        link = links.live_link(token)
        guest = Guest(request, link, token) if link else None
        if guest is None or not (is_open or guest.is_inside):
            return private(gone(request))
        # After the token and not in the middleware, so that forms tell nothing of tokens either.
        if refused := _csrf_check.process_view(request, view, (), {}):
            return private(refused)
        with translation.override(guest.language):
            try:
                return private(view(request, guest, **kwargs), guest.language)
            except Http404:
                pass
        # Outside of the guest's language: the same page as for a token that was never made.
        return private(gone(request))

    return enter


def for_guest(view: GuestView[...]) -> View:
    """Let guests in who gave the password, or whose link has none."""
    return _gate(view, is_open=False)


def for_visitor(view: GuestView[...]) -> View:
    """Let everybody in who has a live link."""
    return _gate(view, is_open=True)
