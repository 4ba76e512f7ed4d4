"""A film with a key of twenty slots, ordered in processes of their own: ``manage.py shell``."""

from uuid import uuid4

from generations import films
from generations.models import Film, Membership
from generations.models.films import FILM, SegmentKind
from generations.providers.contract import Order
from generations.uploads import NamedUpload
from tests.factories import make_credential, make_member, make_upload


def begin(base_url: str) -> None:
    """A brief of the longest film."""
    member = make_member()
    key = f"sandbox-{uuid4().int % 10**8:08}-slots20"
    credential = make_credential(team=member.team, base_url=base_url, key=key, slots=20)
    films.order_film(
        member,
        credential,
        Order(FILM, "one-click", "[one take] A bench", 60, aspect_ratio="16:9"),
        pictures=[NamedUpload(make_upload(team=member.team))],
        accepts_unknown=True,
        form_token=uuid4().hex,
    )


def retake_all(count: int) -> None:
    """So many more takes of each shot."""
    member, film = Membership.objects.get(), Film.objects.for_board().get()
    for shot in films.load_board(film).shots:
        prompt = f"A bench, shot {shot.shot}"
        films.order_takes(
            member,
            film,
            SegmentKind.SHOT,
            shot=shot.shot,
            prompt=prompt,
            count=count,
            accepts_unknown=True,
            form_token=uuid4().hex,
        )


def compose() -> None:
    films.order_cut(
        Membership.objects.get(),
        Film.objects.for_board().get(),
        accepts_unknown=True,
        form_token=uuid4().hex,
    )
