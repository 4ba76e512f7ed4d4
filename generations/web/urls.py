"""The addresses of the pages; each stands in ``access.py`` with who may enter."""

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import URLPattern, path, reverse

from . import callbacks, health
from .access import View
from .files import uploads
from .files import views as files
from .films import list as film_list
from .films import views as film
from .gallery import at_risk, clip, imports, trash
from .gallery import views as gallery
from .order import film as new_film
from .order import views as order
from .sharing import collections, guest, room
from .team import caps, credentials, members, prices, teams
from .usage import falls
from .usage import views as usage


def of_team(route: str, view: object, name: str) -> URLPattern:
    """Return the pattern of a page under the address of a team."""
    return path(f"t/<slug:team>/{route}", view, name=name)  # type: ignore[call-overload,no-any-return]


PAGES = [
    path("", teams.home, name="home"),
    path("teams/new/", teams.new, name="team_new"),
    path("invitations/<str:token>/", members.accept, name="invitation"),
    of_team("", gallery.gallery, "gallery"),
    of_team("changes", gallery.changes, "changes"),
    of_team("import/", imports.import_clips, "import"),
    of_team("new/", order.generate, "generate"),
    of_team("tasks/<int:pk>/", clip.task, "task"),
    of_team("tasks/<int:pk>/cancel", clip.cancel, "task_cancel"),
    of_team("tasks/<int:pk>/check", clip.check_now, "task_check"),
    of_team("tasks/<int:pk>/dismiss", clip.dismiss, "task_dismiss"),
    of_team("tasks/<int:pk>/fetch", clip.fetch, "task_fetch"),
    of_team("tasks/<int:pk>/found", clip.found, "task_found"),
    of_team("tasks/<int:pk>/release", clip.release, "task_release"),
    of_team("tasks/<int:pk>/trash", trash.move_to_trash, "task_trash"),
    of_team("tasks/<int:pk>/restore", trash.restore, "task_restore"),
    of_team("at-risk/", at_risk.risk, "at_risk"),
    of_team("at-risk/<int:pk>/fetch", at_risk.fetch, "at_risk_fetch"),
    of_team("trash/", trash.show, "trash"),
    of_team("trash/empty", trash.empty, "trash_empty"),
    of_team("films/", film_list.films, "films"),
    of_team("films/new/", new_film.new_film, "film_new"),
    of_team("films/<int:pk>/", film.board, "film"),
    of_team("films/<int:pk>/changes", film.changes, "film_changes"),
    of_team("films/<int:pk>/compare", film.compare, "film_compare"),
    of_team("films/<int:pk>/edit", film.edit, "film_edit"),
    of_team("films/<int:pk>/choose", film.choose, "film_choose"),
    of_team("films/<int:pk>/compose", film.compose, "film_compose"),
    of_team("films/<int:pk>/rename", film.rename, "film_rename"),
    of_team("films/<int:pk>/check", film.check_now, "film_check"),
    of_team("uploads/", uploads.uploads, "uploads"),
    of_team("uploads/frames/", uploads.frames, "upload_frames"),
    of_team("uploads/<int:pk>/<str:name>", uploads.upload, "upload"),
    of_team("collections/", collections.collections, "collections"),
    of_team("collections/new", collections.new, "collection_new"),
    of_team("collections/add", collections.add, "collection_add"),
    of_team("collections/<int:pk>/", collections.collection, "collection"),
    of_team("collections/<int:pk>/edit", collections.edit, "collection_edit"),
    of_team("collections/<int:pk>/remove", collections.remove, "collection_remove"),
    of_team("collections/<int:pk>/order", collections.set_order, "collection_order"),
    of_team("collections/<int:pk>/items/<int:item>/name", collections.rename_item, "item_name"),
    of_team(
        "collections/<int:pk>/items/<int:item>/replace", collections.replace_item, "item_replace"
    ),
    of_team(
        "collections/<int:pk>/items/<int:item>/remove", collections.take_item_out, "item_remove"
    ),
    of_team("collections/<int:pk>/review", room.review, "review"),
    of_team("collections/<int:pk>/remarks/<int:remark>/answer", room.answer, "remark_answer"),
    of_team("collections/<int:pk>/remarks/<int:remark>/settle", room.settle, "remark_settle"),
    of_team("collections/<int:pk>/share", collections.new_link, "share_new"),
    of_team("shares/", collections.shares, "shares"),
    of_team("shares/<int:pk>/revoke", collections.revoke_link, "share_revoke"),
    of_team("download", collections.download, "download"),
    of_team("credentials/", credentials.credentials, "credentials"),
    of_team("credentials/new/", credentials.new, "credential_new"),
    of_team("credentials/<int:pk>/", credentials.edit, "credential"),
    of_team("credentials/<int:pk>/test", credentials.test, "credential_test"),
    of_team("credentials/<int:pk>/pause", credentials.pause, "credential_pause"),
    of_team("credentials/<int:pk>/resume", credentials.resume, "credential_resume"),
    of_team("credentials/<int:pk>/remove", credentials.remove, "credential_remove"),
    of_team("credentials/<int:pk>/prices/", prices.prices, "prices"),
    of_team("credentials/<int:pk>/prices/<int:price>/remove", prices.remove, "price_remove"),
    of_team("caps/", caps.caps, "caps"),
    of_team("usage/", usage.usage, "usage"),
    of_team("usage/rows/", usage.rows, "usage_rows"),
    of_team("usage.csv", usage.export, "usage_csv"),
    of_team("usage/falls/", falls.falls, "falls"),
    of_team("usage/falls/<int:pk>/book", falls.book, "fall_book"),
    of_team("usage/falls/<int:pk>/dismiss", falls.dismiss, "fall_dismiss"),
    of_team("members/", members.members, "members"),
    of_team("members/invite", members.invite, "invitation_new"),
    of_team("members/invitations/<int:pk>/revoke", members.revoke, "invitation_revoke"),
    of_team("members/<int:pk>/role", members.change_role, "member_role"),
    of_team("members/<int:pk>/remove", members.remove, "member_remove"),
    of_team("ordering", members.ordering, "ordering"),
    path("s/<str:token>/", guest.page, name="guest"),
    path("s/<str:token>/open", guest.unlock, name="guest_open"),
    path("s/<str:token>/clips.zip", guest.archive, name="guest_archive"),
    path("s/<str:token>/clips/<int:pk>/say", guest.give_review, name="guest_review"),
    path("s/<str:token>/clips/<int:pk>/<str:name>", guest.file, name="guest_file"),
    path("files/<int:pk>/<str:name>", files.file, name="file"),
    path("pictures/<str:token>/<str:name>", uploads.picture, name="picture"),
    path("sources/<str:token>/<str:name>", files.source, name="source"),
    path("callbacks/<str:kind>/<str:token>", callbacks.receive, name="callback"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]

# Paths of earlier versions, in bookmarks and in pages that are still open, with the page that each
# became.
OLD_ADDRESSES = (
    ("adopt/", "import"),
    ("tasks/<int:pk>/look", "task_check"),
    ("tasks/<int:pk>/bin", "task_trash"),
    ("risk/", "at_risk"),
    ("risk/<int:pk>/fetch", "at_risk_fetch"),
    ("bin/", "trash"),
    ("bin/empty", "trash_empty"),
    ("films/<int:pk>/look", "film_check"),
    ("collections/<int:pk>/places/<int:item>/name", "item_name"),
    ("collections/<int:pk>/places/<int:item>/replace", "item_replace"),
    ("collections/<int:pk>/places/<int:item>/remove", "item_remove"),
)
_VIEWS: dict[str, View] = {str(page.name): page.callback for page in PAGES}


def old_address(route: str, name: str) -> URLPattern:
    """Lead GET on for good, with its query; answer POST as the new address does."""
    view = _VIEWS[name]

    def answer(request: HttpRequest, **parts: object) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return view(request, **parts)
        query = request.META["QUERY_STRING"]
        return HttpResponsePermanentRedirect(
            reverse(name, kwargs=parts) + (f"?{query}" if query else "")
        )

    return of_team(route, answer, name)


# An old address has the name of its page, and so the same line in the access table. Django reverses
# a name to the last pattern that has it: the pages stand last.
urlpatterns = [*(old_address(route, name) for route, name in OLD_ADDRESSES), *PAGES]
