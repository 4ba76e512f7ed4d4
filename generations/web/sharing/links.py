"""The share links of a team: the live ones, a new one, and revoking one."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.models import Membership, ShareLink, ShareVisit
from generations.sharing import links
from generations.web.access import for_member, for_producer

from .collections import find
from .forms import LinkForm

MOST_LISTED = 200
LAST_VISITS = 8


@require_safe
@for_member
def shares(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the live links: what each opens, who made it, how often and when it was opened."""
    rows = ShareLink.objects.live().for_team(membership.team)
    visits = Prefetch("visits", ShareVisit.objects.order_by("-pk")[:LAST_VISITS], to_attr="last")
    listed = rows.select_related("collection", "created_by").prefetch_related(visits)
    page = {"links": listed.order_by("-pk")[:MOST_LISTED]}
    return render(request, "sharing/links/list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def new(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Make a link; its address is in this one response alone, so there is no redirect."""
    collection = find(membership, pk)
    page: dict[str, Any] = {"collection": collection}
    if request.method != "POST":
        language = get_language() or settings.LANGUAGE_CODE
        page["form"] = LinkForm(initial={"language": language})
        return render(request, "sharing/links/new.html", page)
    form = page["form"] = LinkForm(request.POST)
    if not form.is_valid():
        return render(request, "sharing/links/new.html", page, status=422)
    made, token = links.make(collection, membership.user, form.terms)
    page |= {"made": made, "address": request.build_absolute_uri(reverse("guest", args=[token]))}
    answer = render(request, "sharing/links/new.html", page)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@for_producer
def revoke(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Revoke a link and return to the page of the button."""
    rows = ShareLink.objects.for_team(membership.team).select_related("collection__team")
    link = get_object_or_404(rows, pk=pk)
    links.revoke(link, membership.user)
    if request.POST.get("to") == "collection":
        return redirect("collection", membership.team.slug, link.collection_id)
    return redirect("shares", membership.team.slug)
