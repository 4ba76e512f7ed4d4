"""Collections, share links, remarks and verdicts, read only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import Collection, CollectionItem, Remark, ShareLink, ShareVisit, Verdict

from .records import InlineRecords, Records, related

WHO = ("created_by__password",)


class Items(InlineRecords):
    model = CollectionItem
    of_teams = "collection__team"
    fields = ("position", "of_file", "title", "added_at", "removed_at")
    joined = ("file", "collection")
    unread = ("file__url", "file__placeholder", "collection__description")
    of_file = related("file", _("file"))


class Links(InlineRecords):
    model = ShareLink
    of_teams = "collection__team"
    fields = ("name", "expires_at", "revoked_at", "opens", "opened_at")
    joined = ("collection",)
    unread = ("token_hash", "password", "collection__description")


class Visits(InlineRecords):
    model = ShareVisit
    of_teams = "link__collection__team"
    fields = ("name", "opened_at")
    joined = ("link",)
    unread = ("link__token_hash", "link__password")


@admin.register(Collection)
class CollectionAdmin(Records):
    list_display = ("title", "of_team", "size", "by", "created_at", "removed_at")
    list_filter = ("team", ("removed_at", admin.EmptyFieldListFilter))
    search_fields = ("title", "team__name")
    fields = ("title", "description", "of_team", "size", "by", "created_at", "removed_at")
    joined = ("team", "created_by")
    unread = WHO
    inlines = (Items, Links)
    of_team = related("team", _("team"))
    by = related("created_by", _("Made by"))


@admin.register(ShareLink)
class ShareLinkAdmin(Records):
    of_teams = "collection__team"
    list_display = (
        "__str__",
        "of_collection",
        "by",
        "created_at",
        "expires_at",
        "revoked_at",
        "opens",
        "opened_at",
    )
    list_filter = ("collection__team", ("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    search_fields = ("name", "collection__title", "created_by__email")
    fields = (
        "name",
        "of_collection",
        "allows_downloads",
        "shows_prompts",
        "language",
        "by",
        "created_at",
        "expires_at",
        "revoked_at",
        "opens",
        "opened_at",
    )
    joined = ("collection", "created_by")
    unread = ("token_hash", "password", "collection__description", *WHO)
    inlines = (Visits,)
    of_collection = related("collection", _("collection"))
    by = related("created_by", _("Made by"))


@admin.register(Remark)
class RemarkAdmin(Records):
    of_teams = "link__collection__team"
    list_display = ("__str__", "of_link", "start_ms", "created_at", "settled_at")
    list_filter = ("link__collection__team", "created_at")
    search_fields = ("name", "text")
    fields = (
        "name",
        "text",
        "of_file",
        "of_link",
        "start_ms",
        "end_ms",
        "created_at",
        "settled_at",
    )
    joined = ("link__collection", "file")
    unread = ("link__token_hash", "link__password", "file__url", "file__placeholder")
    of_link = related("link", _("share link"))
    of_file = related("file", _("file"))


@admin.register(Verdict)
class VerdictAdmin(Records):
    of_teams = "link__collection__team"
    list_display = ("__str__", "decision", "of_file", "sha256", "of_link", "created_at")
    list_filter = ("decision", "link__collection__team", "created_at")
    search_fields = ("name", "sha256__exact")
    fields = ("name", "decision", "of_file", "sha256", "of_link", "created_at")
    joined = ("link__collection", "file")
    unread = ("link__token_hash", "link__password", "file__url", "file__placeholder")
    of_link = related("link", _("share link"))
    of_file = related("file", _("file"))
