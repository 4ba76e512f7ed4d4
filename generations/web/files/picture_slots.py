"""The pictures of an order as a form shows them (``templates/files/slots.html``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from generations import uploads
from generations.models import Team, Upload
from generations.providers.catalogue import Offer, PictureRules
from generations.providers.contract import Picture
from generations.templatetags.formats import filesize
from generations.web.messages.orders import ratio
from generations.web.query import whole_number, whole_numbers

LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Slot:
    """One picture, and its name in the prompt ("" where it has none)."""

    upload: Upload
    name: str = ""


@dataclass(frozen=True, slots=True)
class Slots:
    """The pictures of an order; the model takes ``fewest`` to ``most``.

    ``named``: a prompt may refer to a picture as @name.
    """

    filled: Sequence[Slot]
    fewest: int
    most: int
    named: bool
    takes: PictureRules | None = None
    errors: Sequence[str] = ()

    @property
    def label(self) -> str:
        if self.most == 1:
            return _("Picture")
        return _("First and last frame") if self.positions else _("References")

    @property
    def positions(self) -> tuple[str, ...]:
        """The label of each picture where their order has a meaning, else nothing."""
        return (_("First frame"), _("Last frame")) if self.fewest == self.most == 2 else ()

    @property
    def rules(self) -> list[str]:
        """What the model requires of each picture, in words."""
        if self.takes is None:
            return []
        (low, high), side = self.takes.ratio, self.takes.side
        rules = [_("PNG, JPEG or WebP"), f"{ratio(low)}–{ratio(high)}"]
        if side > 1:
            rules.append(_("at least %(side)s px") % {"side": side})
        rules.append(_("up to %(size)s") % {"size": filesize(self.takes.limit)})
        if self.takes.pair:
            rules.append(_("both of about the same size"))
        return rules

    @property
    def is_full(self) -> bool:
        return len(self.filled) >= self.most

    @property
    def chosen(self) -> list[tuple[Upload, str]]:
        """The uploads and their names, for ``lifecycle.order``."""
        return [(slot.upload, slot.name if self.named else "") for slot in self.filled]

    @property
    def pictures(self) -> list[Picture]:
        """The same as the catalogue checks them."""
        return [uploads.to_picture(upload, name) for upload, name in self.chosen]


def slots(
    team: Team,
    offer: Offer,
    values: QueryDict | MultiValueDict[str, str],
    errors: Sequence[str] = (),
) -> Slots:
    """Read the fields ``images`` and ``image_names`` of a form.

    Buttons that work without a script name the picture to take away in ``without``. What is no
    picture of the team is passed over.
    """
    without = set(whole_numbers(values.getlist("without")))
    rows = Upload.objects.for_team(team).in_bulk(whole_numbers(values.getlist("images")))
    names = zip_longest(values.getlist("images"), values.getlist("image_names"), fillvalue="")
    chosen = [(whole_number(text), name) for text, name in names]
    filled = [
        Slot(rows[pk], clean(name)) for pk, name in chosen if pk in rows and pk not in without
    ]
    fewest, most = offer.images
    return Slots(filled, fewest, most, offer.names_pictures, offer.pictures, errors)


def clean(name: str) -> str:
    """Return a picture's name as a prompt has it, without the @."""
    return name.strip().removeprefix("@").strip()[:LONGEST_NAME]
