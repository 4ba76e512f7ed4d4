"""The books: every movement with its lines, and the pots that they sum up to."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import Account, Attempt, Entry, Line
from generations.models.ledger import EntryKind

from .credentials import CredentialFilter
from .records import Records, Rows, address, one_line, related

ATTEMPT_UNREAD = tuple(f"attempt__{name}" for name in ("token", "reference", "reply", "report"))


class Lines(Rows):
    model = Line
    fields = ("of_account", "moved")
    joined = ("account__credential",)
    unread = ("account__credential__sealed_key",)
    show_change_link = False
    of_account = related("account", _("account"))

    @admin.display(description=_("amount"))
    def moved(self, line: Line) -> str:
        return signed(line.amount)


def signed(amount: int) -> str:
    """+35, −35, 0, with a true minus."""
    return f"{amount:+,}".replace("-", "−") if amount else "0"


def verdict(entry: Entry) -> tuple[str, str]:
    """A tone and a sentence: whether what the provider charged is what was estimated."""
    attempt: Attempt | None = entry.attempt
    if attempt is None or entry.kind != EntryKind.SETTLE:
        return "", "–"
    if attempt.cost is None:
        return "unclear", gettext("The provider told no cost")
    if attempt.cost == attempt.estimate:
        return "agrees", gettext("Agrees")
    more = attempt.cost > attempt.estimate
    words = gettext("%(n)s more than estimated") if more else gettext("%(n)s less than estimated")
    return "differs", words % {"n": abs(attempt.cost - attempt.estimate)}


@admin.register(Entry)
class EntryAdmin(Records):
    list_display = ("at", "kind", "of_task", "judged", "estimated", "told", "who", "key")
    list_filter = ("kind", "at", "team", CredentialFilter)
    search_fields = (
        "pk__exact",
        "attempt__task__id__exact",
        "attempt__number__exact",
        "attempt__task__prompt",
        "actor__email",
        "memo",
    )
    search_help_text = _("The task's or the provider's number, words of the prompt, or the memo.")
    fields = ("at", "kind", "of_team", "key", "of_attempt", "who", "unit", "memo", "judged")
    joined = ("team", "credential", "actor", "attempt__task__created_by")
    unread = (
        "credential__sealed_key",
        "actor__password",
        *ATTEMPT_UNREAD,
        "attempt__task__message",
        "attempt__task__created_by__password",
    )
    inlines = (Lines,)
    of_team = related("team", _("team"))
    key = related("credential", _("credential"))
    of_attempt = related("attempt", _("attempt"))

    @admin.display(description=_("task"))
    def of_task(self, entry: Entry) -> str:
        if entry.attempt is None:
            return one_line(entry.memo)
        task = entry.attempt.task
        shown = one_line(task.prompt) or str(task)
        return format_html('<a href="{}">{}</a>', address(task), shown)

    @admin.display(description=_("who"), empty_value="–")
    def who(self, entry: Entry) -> str:
        person = entry.attempt.task.created_by if entry.attempt else entry.actor
        return str(person or "")

    @admin.display(description=_("estimated"))
    def estimated(self, entry: Entry) -> int | None:
        return entry.attempt.estimate if entry.attempt else None

    @admin.display(description=_("provider said"))
    def told(self, entry: Entry) -> int | None:
        return entry.attempt.cost if entry.attempt else None

    @admin.display(description=_("verdict"))
    def judged(self, entry: Entry) -> str:
        tone, words = verdict(entry)
        return format_html('<span class="verdict {}">{}</span>', tone, words)


@admin.register(Account)
class AccountAdmin(Records):
    list_display = ("__str__", "of_team", "balance", "unit")
    list_filter = ("name", "team", CredentialFilter)
    search_fields = ("credential__name", "team__name", "unit")
    fields = ("of_team", "key", "name", "balance", "unit")
    joined = ("team", "credential")
    unread = ("credential__sealed_key",)
    of_team = related("team", _("team"))
    key = related("credential", _("credential"))
