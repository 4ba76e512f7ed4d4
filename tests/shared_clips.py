"""Stored clips, and a collection with a link, as a team would have them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from generations.models import Attempt, CollectionItem, File, Membership, Task, Team
from generations.models.files import FileRole, FileState
from generations.models.tasks import TaskState
from generations.sharing import collections, links
from tests.factories import make_credential, make_member, make_user, wanted

BYTES = bytes(range(256)) * 8
PROMPT = "A secret recipe for lighthouses at dusk"
PASSWORD = "salt and amber"
PERSON = "Mei Tanaka"


def make_file(member: Membership, *, prompt: str = PROMPT, **fields: Any) -> File:
    """A stored clip of the member's team; its bytes are not there (``store`` puts them)."""
    return make_files(member, 1, prompt=prompt, **fields)[0]


def make_files(
    member: Membership, count: int, *, prompt: str = PROMPT, **fields: Any
) -> list[File]:
    """So many finished clips, written without an order and its books, which cost much more."""
    team, order = member.team, wanted(prompt=prompt)
    credential = team.credentials.first() or make_credential(team=team)
    tasks = [
        Task.objects.create(
            team=team,
            created_by=member.user,
            credential=credential,
            kind=order.kind,
            model=order.model,
            prompt=prompt,
            settings={"duration": order.duration, "aspect_ratio": order.aspect_ratio},
            form_token=uuid4().hex,
            version=Team.next_sequence(team.pk),
            state=TaskState.SUCCEEDED,
        )
        for _ in range(count)
    ]
    Attempt.objects.bulk_create(
        Attempt(task=task, credential=credential, ordinal=1) for task in tasks
    )
    stored = {"role": FileRole.VIDEO, "state": FileState.STORED, "size": len(BYTES)}
    stored |= {"duration_ms": 5000, "width": 1280, "height": 720}
    return [
        File.objects.create(
            task=task,
            team=member.team,
            **stored | {"name": f"{task.pk}.mp4", "sha256": f"{task.pk:064}"} | fields,
        )
        for task in tasks
    ]


def store(file: File) -> File:
    """The clip with its poster and its preview, in the storage."""
    for column, ending in (("name", "mp4"), ("poster", "webp"), ("preview", "preview.mp4")):
        path = default_storage.save(f"{file.pk}.{ending}", ContentFile(BYTES))
        setattr(file, column, path)
    file.save()
    return file


@dataclass
class Reel:
    """A collection of three clips, with a link that has a password."""

    member: Membership = field(default_factory=lambda: make_member(user=make_user(name=PERSON)))
    terms: links.Terms = field(default_factory=lambda: links.Terms(password="salt and amber"))

    def __post_init__(self) -> None:
        self.team = self.member.team
        self.collection = collections.make(self.team, self.member.user, "Salt and Amber")
        files = [store(file) for file in make_files(self.member, 3)]
        collections.add(self.collection, [file.pk for file in files], self.member.user)
        self.link, self.token = self.share(self.terms)

    def share(self, terms: links.Terms) -> tuple[Any, str]:
        return links.make(self.collection, self.member.user, terms)

    @property
    def items(self) -> list[CollectionItem]:
        return list(self.collection.items.present().select_related("file__task"))

    def address(self, name: str, *values: object) -> str:
        """A page of the team on the collection."""
        return reverse(name, args=[self.team.slug, self.collection.pk, *values])

    def guest(self, name: str = "guest", *values: object, token: str = "") -> str:
        return reverse(name, args=[token or self.token, *values])
