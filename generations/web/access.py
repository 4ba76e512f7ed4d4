"""Who may open which address: the table of all of them, and the decorators that check it.

A view of a team takes ``(request, membership, ...)``. The decorator finds the person's membership
in the team that the address names, and raises Http404 for a stranger.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from generations.models import Membership

type TeamView[**P] = Callable[Concatenate[HttpRequest, Membership, P], HttpResponseBase]
type View = Callable[..., HttpResponseBase]


def _gate(allowed: Callable[[Membership], bool]) -> Callable[[TeamView[...]], View]:
    def wrap(view: TeamView[...]) -> View:
        @login_required
        @wraps(view)
        def enter(request: HttpRequest, team: str, **kwargs: Any) -> HttpResponseBase:
            # A stranger gets 404, and so does not learn which teams there are.
            membership = get_object_or_404(
                Membership.objects.select_related("team", "user"),
                team__slug=team,
                user=request.user.pk,
            )
            if not allowed(membership):
                raise PermissionDenied
            # The middleware ``remember_team`` and the context processor ``shell`` read it.
            request.membership = membership  # type: ignore[attr-defined]
            return view(request, membership, **kwargs)

        return enter

    return wrap


for_member = _gate(lambda membership: True)
for_producer = _gate(lambda membership: membership.may_order)
for_owner = _gate(lambda membership: membership.may_manage)

PUBLIC, SIGNED_IN, MEMBER, PRODUCER, OWNER, TOKEN = (
    "public",
    "signed in",
    "member",
    "producer",
    "owner",
    "token",
)

# Only tests read the table: they knock at each address as everybody, and compare.
ACCESS: dict[str, str] = {
    "home": SIGNED_IN,
    "team_new": SIGNED_IN,
    "invitation": TOKEN,
    "gallery": MEMBER,
    "changes": MEMBER,
    "import": PRODUCER,
    "generate": PRODUCER,
    "task": MEMBER,
    "task_cancel": PRODUCER,
    "task_check": PRODUCER,
    "task_dismiss": PRODUCER,
    "task_fetch": PRODUCER,
    "task_found": PRODUCER,
    "task_release": PRODUCER,
    "task_trash": PRODUCER,
    "task_restore": PRODUCER,
    "at_risk": MEMBER,
    "at_risk_fetch": PRODUCER,
    "trash": MEMBER,
    "trash_empty": OWNER,
    "films": MEMBER,
    "film_new": PRODUCER,
    "film": MEMBER,
    "film_changes": MEMBER,
    "film_compare": MEMBER,
    "film_edit": PRODUCER,
    "film_choose": PRODUCER,
    "film_compose": PRODUCER,
    "film_rename": PRODUCER,
    "film_check": PRODUCER,
    "uploads": MEMBER,  # to give more of them is for producers
    "upload_frames": PRODUCER,
    "upload": MEMBER,
    "collections": MEMBER,
    "collection_new": PRODUCER,
    "collection_add": PRODUCER,
    "collection": MEMBER,
    "collection_edit": PRODUCER,
    "collection_remove": PRODUCER,
    "collection_order": PRODUCER,
    "item_name": PRODUCER,
    "item_replace": PRODUCER,
    "item_remove": PRODUCER,
    "review": MEMBER,
    "remark_answer": PRODUCER,
    "remark_settle": PRODUCER,
    "share_new": PRODUCER,
    "shares": MEMBER,
    "share_revoke": PRODUCER,
    "download": MEMBER,
    "guest": TOKEN,
    "guest_open": TOKEN,
    "guest_archive": TOKEN,
    "guest_review": TOKEN,
    "guest_file": TOKEN,
    "credentials": MEMBER,
    "credential_new": OWNER,
    "credential": OWNER,
    "credential_test": OWNER,
    "credential_pause": OWNER,
    "credential_resume": OWNER,
    "credential_remove": OWNER,
    "prices": MEMBER,  # to change them is for owners
    "price_remove": OWNER,
    "caps": OWNER,
    "usage": MEMBER,
    "usage_rows": MEMBER,
    "usage_csv": MEMBER,
    "falls": OWNER,
    "fall_book": OWNER,
    "fall_dismiss": OWNER,
    "members": MEMBER,
    "invitation_new": OWNER,
    "invitation_revoke": OWNER,
    "member_role": OWNER,
    "member_remove": OWNER,
    "ordering": OWNER,
    "file": SIGNED_IN,
    "picture": TOKEN,
    "source": TOKEN,
    "callback": TOKEN,
    "health_live": PUBLIC,
    "health_ready": PUBLIC,
}
