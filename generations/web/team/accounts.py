"""Rules for the pages of allauth: who may sign up, and who must have two-step sign-in."""

from collections.abc import Callable

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from generations.models import Membership, Role, User
from generations.teams import members

from .members import INVITATION

type GetResponse = Callable[[HttpRequest], HttpResponse]
# What is needed to sign in, to set up the second step, and to read it in one's language.
ALWAYS_OPEN = ("account_", "mfa_", "set_language")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Let people sign up only by an invitation, which also makes them members of its team."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return members.invitation(request.session.get(INVITATION, "")) is not None

    def save_user(
        self, request: HttpRequest, user: User, form: object, commit: bool = True
    ) -> User:
        """Make the user and the membership together or not at all."""
        token = request.session.get(INVITATION, "")
        try:
            # The invitation may be used up meanwhile; then there must be no user without a team.
            with transaction.atomic():
                super().save_user(request, user, form, commit)
                if commit:
                    _accept_invitation(user, token)
        except members.InvitationGone as gone:
            raise ImmediateHttpResponse(redirect("invitation", token)) from gone
        if commit:
            del request.session[INVITATION]
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send a mail; where none can be sent, show a page that says so."""
        if not (settings.MAIL_HOST or settings.DEBUG):
            page = render(self.request, "account/no_mail.html", status=503)
            raise ImmediateHttpResponse(page)
        super().send_mail(template_prefix, email, context)


def _accept_invitation(user: User, token: str) -> None:
    invitation = members.invitation(token)
    if invitation is None:
        raise members.InvitationGone
    members.accept(invitation, user)


class RequireSecondStep:
    """Middleware: with ``MFA_REQUIRED``, owners, auditors and staff must set up a second step."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        # Not in ``__call__``: the address is resolved only now.
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if not settings.MFA_REQUIRED or name.startswith(ALWAYS_OPEN):
            return None
        user = request.user
        if not user.is_authenticated or not _is_trusted(user) or is_mfa_enabled(user):
            return None
        messages.warning(request, _("Set up two-step sign-in first. Owners and staff need it."))
        return redirect("mfa_activate_totp")


def _is_trusted(user: User) -> bool:
    trusted = Membership.objects.filter(user=user, role__in=(Role.OWNER, Role.AUDITOR))
    return user.is_staff or trusted.exists()
