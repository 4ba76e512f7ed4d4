"""Why a key is paused or failed its test, in words: what happened, and what to do."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


class Trouble(NamedTuple):
    cause: str
    remedy: str
    replace: bool = False


REFUSED_KEY = (
    gettext_noop("The provider refused this key."),
    gettext_noop("Replace it with one that works."),
    True,
)
SPENT = (
    gettext_noop("No credits are left at the provider."),
    gettext_noop("Top up there, then test the key."),
    False,
)
# Contract 2.10 and our own words for the way to the provider.
TROUBLES: Mapping[str, tuple[str, str, bool]] = {
    "paused": (
        gettext_noop("Somebody of the team paused it."),
        gettext_noop("Resume it when it may send again."),
        False,
    ),
    "Unauthorized": REFUSED_KEY,
    "key_malformed": (
        gettext_noop("The key has characters that cannot be sent."),
        gettext_noop("Copy it again from the provider and replace it."),
        True,
    ),
    "Forbidden": (
        gettext_noop("The provider does not allow this key to order."),
        gettext_noop("Replace it, or have its rights changed at the provider."),
        True,
    ),
    "CreditInsufficient": SPENT,
    # Contract 4.4 and 5.5: the gateways' own.
    "insufficient_user_quota": SPENT,
    "pre_consume_token_quota_failed": SPENT,
    "http_401": REFUSED_KEY,
    "http_402": SPENT,
    "setting_invalid": (
        gettext_noop("A setting of this key cannot be sent to the provider."),
        gettext_noop("Open the key's settings and put them right, then test it."),
        False,
    ),
    "sealed": (
        gettext_noop("This server cannot open the key that it has sealed."),
        gettext_noop("Replace the key, or bring the old sealing key back."),
        True,
    ),
    "unreachable": (
        gettext_noop("The provider could not be reached."),
        gettext_noop("Check the address, then test again."),
        False,
    ),
    "no_answer": (
        gettext_noop("The provider did not answer in time."),
        gettext_noop("Test again in a minute."),
        False,
    ),
}


def trouble(code: str, message: str = "") -> Trouble:
    """The words for a code; for one that we do not know, the provider's own."""
    if code in TROUBLES:
        cause, remedy, replace = TROUBLES[code]
        return Trouble(_(cause), _(remedy), replace)
    said = f"{code}: {message}" if message else code
    cause = _("The provider answered “%(said)s”.") % {"said": said}
    return Trouble(cause, _("Test the key again, or replace it."), True)
