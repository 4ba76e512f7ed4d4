"""Claims: what statements say beside the ledger; a person accepts or disputes differences.

The verdict on a claim or an entry is an icon and a sentence: do the provider's amounts agree?
"""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.billing import statements
from generations.models import Attempt, Claim, Entry, StatementLine, User
from generations.models.ledger import CLOSING, EntryKind
from generations.models.statements import ClaimDecision
from generations.models.tasks import AttemptState
from generations.templatetags.formats import figure, icon

from .records import (
    Admin,
    Choices,
    CredentialFilter,
    Records,
    Rows,
    TeamFilter,
    UnitFilter,
    address,
    audited_teams,
    moment,
    one_line,
    related,
)

MOST_CHOSEN = 500
ICONS = {
    "agrees": "check",
    "differs": "triangle-alert",
    "unclear": "circle-question-mark",
    "disputed": "circle-alert",
}
STATES: dict[str, tuple[Any, Q]] = {
    "open": (_("Differs"), Q(decision=ClaimDecision.NONE) & ~Q(difference=0)),
    "disputed": (_("Disputed"), Q(decision=ClaimDecision.DISPUTED)),
    "accepted": (_("Accepted"), Q(decision=ClaimDecision.ACCEPTED)),
    "agrees": (_("Agrees"), Q(decision=ClaimDecision.NONE, difference=0)),
    "unknown": (_("Unknown here"), Q(attempt=None)),
}


class StateFilter(admin.SimpleListFilter):
    title = _("verdict")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [(state, words) for state, (words, _condition) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        chosen = self.value()
        if not chosen:
            return None
        return queryset.filter(STATES[chosen][1]) if chosen in STATES else queryset.none()


@admin.register(Claim)
class ClaimAdmin(Records):
    list_display = (
        "remote_id",
        "of_task",
        "who",
        "key",
        "estimated",
        "reported_cost",
        "held",
        "claimed",
        "judged",
    )
    list_filter = (StateFilter, TeamFilter, CredentialFilter, UnitFilter)
    search_fields = ("remote_id__exact", "attempt__task__id__exact", "attempt__task__prompt")
    search_help_text = _("Our ID or the provider's ID of a task, or words of the prompt.")
    fields = (
        "remote_id",
        "of_task",
        "of_team",
        "key",
        "who",
        "estimated",
        "reported_cost",
        "held",
        "claimed",
        "judged",
        "lines",
        "reason",
        "by",
        "when",
    )
    joined = ("team", "credential", "attempt__task__created_by", "decided_by")
    unread = (
        "credential__sealed_key",
        *(f"attempt__{name}" for name in ("token", "reference", "reply", "report", "first_report")),
        "attempt__task__message",
        "attempt__task__created_by__password",
        "decided_by__password",
    )
    actions = ("accept_chosen", "dispute_chosen")  # type: ignore[assignment]
    change_form_template = "admin/generations/claim/change_form.html"
    of_team = related("team", _("team"))
    key = related("credential", _("key"))
    by = related("decided_by", _("decided by"))

    @admin.display(description=_("task"))
    def of_task(self, claim: Claim) -> str:
        if claim.attempt is None:
            return gettext("unknown here")
        task = claim.attempt.task
        return format_html('<a href="{}">{}</a>', address(task), one_line(task.prompt) or str(task))

    @admin.display(description=_("who"))
    def who(self, claim: Claim) -> str:
        return str(claim.attempt.task.created_by) if claim.attempt else ""

    @admin.display(description=_("estimated"), empty_value="")
    def estimated(self, claim: Claim) -> str:
        return figure_or_unknown(claim.attempt.estimate, claim.unit) if claim.attempt else ""

    @admin.display(description=_("provider said"), empty_value="")
    def reported_cost(self, claim: Claim) -> str:
        cost = claim.attempt.cost if claim.attempt else None
        return "" if cost is None else figure(cost, claim.unit)

    @admin.display(description=_("booked here"))
    def held(self, claim: Claim) -> str:
        return figure(claim.booked, claim.unit)

    @admin.display(description=_("on the statement"))
    def claimed(self, claim: Claim) -> str:
        return figure(claim.amount, claim.unit)

    @admin.display(description=_("verdict"))
    def judged(self, claim: Claim) -> str:
        return _drawn(*_verdict_on_claim(claim))

    @admin.display(description=_("lines of statements"))
    def lines(self, claim: Claim) -> str:
        """List the statement lines that this claim sums up."""
        found = StatementLine.objects.filter(
            credential=claim.credential_id, remote_id=claim.remote_id
        )
        rows = found.select_related("statement").defer("statement__content").order_by("pk")[:50]
        return format_html_join(
            "",
            '<div><a href="{}">{}</a>: {} {} {}</div>',
            (
                (
                    address(line.statement),
                    gettext("%(file)s, line %(place)s")
                    % {"file": line.statement, "place": line.ordinal},
                    figure(line.amount, claim.unit),
                    line.said_at,
                    line.words,
                )
                for line in rows
            ),
        )

    @admin.display(description=_("decided"))
    def when(self, claim: Claim) -> str:
        return moment(claim.decided_at)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Show the claim, or post a decision; a dispute needs a reason."""
        claim = self.get_object(request, object_id)
        more: dict[str, object] = {
            "may_decide": claim is not None and _may_decide(request, claim) and claim.differs
        }
        if request.method == "POST" and claim is not None:
            if not _may_decide(request, claim):
                raise PermissionDenied
            reason = request.POST.get("reason", "").strip()
            if reason or "_accept" in request.POST:
                self._decide(request, claim, reason)
                return HttpResponseRedirect(request.get_full_path())
            more["wrong"] = True
            request.method = "GET"  # Django would take a POST for an edit of the row
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))

    def _decide(self, request: HttpRequest, claim: Claim, reason: str) -> None:
        by = cast(User, request.user)
        try:
            if "_accept" in request.POST:
                statements.accept(claim, by, reason)
                self.message_user(request, gettext("Accepted: the difference is booked."))
            else:
                statements.dispute(claim, by, reason)
                self.message_user(request, gettext("Disputed; the books stay as they are."))
        except statements.Decided:
            self.message_user(request, gettext("It was decided already."), messages.WARNING)
        except statements.UnderWay:
            message = gettext("This order has not ended here yet. Decide when it has.")
            self.message_user(request, message, messages.ERROR)

    @admin.action(description=_("Accept, and book the difference"))
    def accept_chosen(self, request: HttpRequest, claims: "QuerySet[Claim]") -> HttpResponse | None:
        return self._decide_all(request, claims, "accept", statements.accept)

    @admin.action(description=_("Dispute"))
    def dispute_chosen(
        self, request: HttpRequest, claims: "QuerySet[Claim]"
    ) -> HttpResponse | None:
        return self._decide_all(request, claims, "dispute", statements.dispute)

    def _decide_all(
        self,
        request: HttpRequest,
        claims: "QuerySet[Claim]",
        act: str,
        decide: Callable[[Claim, User, str], None],
    ) -> HttpResponse | None:
        """Ask for a reason first; then decide each claim."""
        # Asked for each claim: a person may see the claims of more teams than may be decided.
        chosen = [claim for claim in claims[:MOST_CHOSEN] if _may_decide(request, claim)]
        reason = request.POST.get("reason", "").strip()
        if "_confirmed" not in request.POST or (act == "dispute" and not reason):
            return self._ask(request, chosen, act)
        done = 0
        for claim in chosen:
            try:
                decide(claim, cast(User, request.user), reason)
                done += 1
            # Each is decided by itself: one that cannot be does not keep the others.
            except (statements.Decided, statements.UnderWay):
                continue
        message = ngettext("%(n)s claim was decided.", "%(n)s claims were decided.", done)
        self.message_user(request, message % {"n": done})
        if left := len(chosen) - done:
            message = ngettext(
                "%(n)s was left: it was decided already, or its order has not ended.",
                "%(n)s were left: they were decided already, or their orders have not ended.",
                left,
            )
            self.message_user(request, message % {"n": left}, messages.WARNING)
        return None

    def _ask(self, request: HttpRequest, chosen: list[Claim], act: str) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "title": _("Accept claims") if act == "accept" else _("Dispute claims"),
            "chosen": chosen,
            "act": act,
            "reason": request.POST.get("reason", ""),
            "wrong": "_confirmed" in request.POST,
            "opts": self.opts,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return render(request, "admin/generations/claim/decide.html", page)


def _may_decide(request: HttpRequest, claim: Claim) -> bool:
    """Whether the person decides this claim: auditors of its team, and staff with permission."""
    user = request.user
    staffed = user.is_staff and user.has_perm("generations.change_claim")
    return bool(staffed or claim.team_id in audited_teams(request))


# ---- Verdicts -------------------------------------------------------------------------------


def figure_or_unknown(amount: int | None, unit: str) -> str:
    """Format an amount; one that nobody knows is never 0."""
    return gettext("not known") if amount is None else figure(amount, unit)


def verdict(entry: Entry) -> str:
    """Compare an entry with its statement, or without one the reply with the estimate."""
    tone, words = _verdict_on_entry(entry)
    return _drawn(tone, words) if tone else words


def _verdict_on_entry(entry: Entry) -> tuple[str, str]:
    attempt: Attempt | None = entry.attempt
    if attempt is None:
        return "", "–"
    if entry.kind == EntryKind.HOLD:
        is_unclear = attempt.state == AttemptState.UNCLEAR
        return ("unclear", gettext("Unclear, held")) if is_unclear else ("", "–")
    claim: Claim | None = getattr(attempt, "claim", None)
    if claim and entry.kind in {*CLOSING, EntryKind.CORRECT}:
        return _verdict_on_claim(claim)
    return _verdict_on_reply(attempt, entry) if entry.kind == EntryKind.SETTLE else ("", "–")


def _verdict_on_claim(claim: Claim) -> tuple[str, str]:
    """Return a tone and words: what statements say beside the ledger."""
    if claim.decision == ClaimDecision.ACCEPTED and not claim.differs:
        return "agrees", gettext("Accepted")
    if not claim.differs:
        return "agrees", gettext("Agrees")
    amount = figure(abs(claim.difference), claim.unit)
    more = claim.difference > 0
    words = gettext("%(n)s more than booked") if more else gettext("%(n)s less than booked")
    if claim.decision == ClaimDecision.DISPUTED:
        return "disputed", gettext("Disputed: %(words)s") % {"words": words % {"n": amount}}
    return "differs", words % {"n": amount}


def _verdict_on_reply(attempt: Attempt, entry: Entry) -> tuple[str, str]:
    if attempt.cost is None:
        return "unclear", gettext("The provider reported no cost")
    difference = attempt.cost - attempt.estimate if attempt.estimate is not None else 0
    if not difference:
        return "", gettext("No statement yet")
    words = (
        gettext("%(n)s more than estimated")
        if difference > 0
        else gettext("%(n)s less than estimated")
    )
    return "", words % {"n": figure(abs(difference), entry.unit)}


def _drawn(tone: str, words: str) -> str:
    return format_html('<span class="verdict {}">{} {}</span>', tone, icon(ICONS[tone], 14), words)
