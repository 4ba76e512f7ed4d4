"""The one gate before everything that a share link opens: pages, pictures, films, archives.

A wrong, an expired and a revoked token are answered alike, and so is whatever a link does not hold.
A guest's session keeps, for each link: the proof that its password was given, the visit, and the
language that was chosen.
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

type GuestView[**P] = Callable[Concatenate[HttpRequest, Guest, P], HttpResponseBase]
type View = Callable[..., HttpResponseBase]
KEPT = "shares"
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


class Guest:
    """Who came by a live link, as far as the session knows."""

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
        """Remember it in the session, for this link alone."""
        self.kept.update(what)
        every = self.request.session.get(KEPT, {})
        self.request.session[KEPT] = {**every, str(self.link.pk): self.kept}

    def unlock(self) -> None:
        """The password was right; the session gets a new key, as at a login."""
        self.request.session.cycle_key()
        self.keep(proof=links.proof(self.link))

    def visit(self) -> ShareVisit:
        """The visit of this session; it begins with the first call."""
        known = self.link.visits.filter(pk=self.kept.get("visit") or 0)
        found: ShareVisit | None = known.first()
        if found is None:
            found = links.visit(self.link)
            self.keep(visit=found.pk)
        return found

    def enter(self) -> None:
        """Count the session, unless a member of the team looks at the team's own page."""
        user = self.request.user
        mine = Membership.objects.filter(team=self.link.collection.team_id)
        if "visit" in self.kept or (user.is_authenticated and mine.filter(user=user).exists()):
            return
        self.visit()


class _Forms(CsrfViewMiddleware):
    """Django's check of forms, for pages that tell nobody where they are.

    ``no-referrer`` makes browsers send ``Origin: null`` with a form of the same site. Where they
    also say where it comes from (on every secure site), that must be here; the token always holds.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] != "null":
            return bool(super()._origin_verified(request))  # type: ignore[misc]
        from_here = request.headers.get("Sec-Fetch-Site") == "same-origin"
        return from_here or not request.is_secure()


_forms = _Forms(lambda request: HttpResponse())


def gone(request: HttpRequest) -> HttpResponse:
    """The answer to everything that is not open, whatever the reason."""
    return render(request, "sharing/guest/gone.html", status=404)


def private[R: HttpResponseBase](response: R, language: str = "") -> R:
    """Nobody indexes it, no address leaves with its links, and no page of it is kept."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers.setdefault("Cache-Control", "no-store")
    patch_vary_headers(response, ["Cookie"])  # also where nothing asked who came
    if language:
        response["Content-Language"] = language
    return response


def _door(view: GuestView[...], *, opens: bool) -> View:
    """``opens``: the view stands before the password and asks for it itself."""

    @csrf_exempt
    @wraps(view)
    def enter(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        link = links.opened_by(token)
        guest = Guest(request, link, token) if link else None
        if guest is None or not (opens or guest.is_inside):
            return private(gone(request))
        if refused := _forms.process_view(request, view, (), {}):
            return private(refused)
        with translation.override(guest.language):
            try:
                return private(view(request, guest, **kwargs), guest.language)
            except Http404:
                pass
        return private(gone(request))

    return enter


def for_guest(view: GuestView[...]) -> View:
    return _door(view, opens=False)


def at_the_gate(view: GuestView[...]) -> View:
    return _door(view, opens=True)
