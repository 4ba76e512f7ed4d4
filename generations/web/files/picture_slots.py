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
from generations.web.messages.problems import ratio

LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Slot:
    """One picture in its place, and how the prompt calls it ("" where it does not)."""

    upload: Upload
    name: str = ""


@dataclass(frozen=True, slots=True)
class Slots:
    """``fewest`` and ``most`` as the model takes them; ``named`` where a prompt may say @name."""

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
        return _("First and last frame") if self.places else _("References")

    @property
    def places(self) -> tuple[str, ...]:
        """What each place is, where the two of them are not alike."""
        return (_("First frame"), _("Last frame")) if self.fewest == self.most == 2 else ()

    @property
    def rules(self) -> list[str]:
        """What the model asks of each picture, told before one is given."""
        if self.takes is None:
            return []
        (low, high), side = self.takes.ratio, self.takes.side
        said = [_("PNG, JPEG or WebP"), f"{ratio(low)}–{ratio(high)}"]
        if side > 1:
            said.append(_("at least %(side)s px") % {"side": side})
        said.append(_("up to %(size)s") % {"size": filesize(self.takes.limit)})
        if self.takes.pair:
            said.append(_("both of about the same size"))
        return said

    @property
    def is_full(self) -> bool:
        return len(self.filled) >= self.most

    @property
    def chosen(self) -> list[tuple[Upload, str]]:
        """As ``lifecycle.order`` takes them."""
        return [(slot.upload, slot.name if self.named else "") for slot in self.filled]

    @property
    def pictures(self) -> list[Picture]:
        """As the catalogue judges them."""
        return [uploads.described(upload, name) for upload, name in self.chosen]


def slots(
    team: Team, offer: Offer, said: QueryDict | MultiValueDict[str, str], errors: Sequence[str] = ()
) -> Slots:
    """What a form said by ``images``, ``image_names`` and, where there is no script, ``without``.

    A number that is no picture of the team is passed over.
    """
    numbers = [one for one in said.getlist("images") if one.isdecimal() and len(one) < 19]
    rows = Upload.objects.for_team(team).in_bulk([int(one) for one in numbers])
    names = zip_longest(said.getlist("images"), said.getlist("image_names"), fillvalue="")
    filled = [
        Slot(rows[int(number)], clean(name))
        for number, name in names
        if number in numbers and int(number) in rows and number not in said.getlist("without")
    ]
    fewest, most = offer.images
    return Slots(filled, fewest, most, offer.names_pictures, offer.pictures, errors)


def clean(name: str) -> str:
    """As a prompt would say it, without the @."""
    return name.strip().removeprefix("@").strip()[:LONGEST_NAME]
