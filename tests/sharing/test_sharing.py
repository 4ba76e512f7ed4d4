"""Collections, links, and what clients say of them, without a page."""

import base64
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import check_password
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from PIL import Image
from pytest_django import Settings as ProjectSettings

from generations import clock
from generations.models import (
    AuditEvent,
    Collection,
    CollectionItem,
    Event,
    Membership,
    Remark,
    ShareLink,
    Verdict,
)
from generations.models.collections import Decision
from generations.models.events import EventKind
from generations.sharing import archive, collections, links, review
from tests.factories import make_member
from tests.shared_clips import make_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Membership:
    return make_member()


@pytest.fixture
def collection(member: Membership) -> Collection:
    return collections.make(member.team, member.user, "Night ferry")


@pytest.fixture
def fill(member: Membership, collection: Collection) -> Callable[[int], list[CollectionItem]]:
    def make(count: int) -> list[CollectionItem]:
        numbers = [make_file(member).pk for _ in range(count)]
        collections.add(collection, numbers, member.user)
        return list(collection.items.present())

    return make


def order_of(collection: Collection) -> list[int]:
    return list(collection.items.present().values_list("pk", flat=True))


def size_of(collection: Collection) -> int:
    return Collection.objects.get(pk=collection.pk).size


# ---- Collections ----------------------------------------------------------------------------


def test_files_are_added_at_the_end_in_the_order_that_was_asked_for(
    member: Membership, collection: Collection
) -> None:
    first, second, third = (make_file(member).pk for _ in range(3))
    assert collections.add(collection, [second], member.user) == 1
    assert collections.add(collection, [third, first], member.user) == 2
    files = collection.items.present().values_list("file_id", flat=True)
    assert list(files) == [second, third, first]


def test_a_file_is_in_a_collection_once_and_in_many_collections(
    member: Membership, collection: Collection
) -> None:
    file = make_file(member)
    other = collections.make(member.team, member.user, "Pitch reel")
    assert collections.add(collection, [file.pk, file.pk], member.user) == 1
    assert collections.add(collection, [file.pk], member.user) == 0
    assert collections.add(other, [file.pk], member.user) == 1
    assert CollectionItem.objects.filter(file=file).count() == 2


def test_a_file_of_another_team_is_not_added(member: Membership, collection: Collection) -> None:
    foreign = make_file(make_member())
    assert collections.add(collection, [foreign.pk, 10**12], member.user) == 0
    assert order_of(collection) == []


def test_a_file_that_was_taken_out_can_come_back_and_what_was_said_stays(
    member: Membership, fill: Callable[[int], list[CollectionItem]], collection: Collection
) -> None:
    (item,) = fill(1)
    collections.take_out(item)
    collections.take_out(item)
    assert (order_of(collection), size_of(collection)) == ([], 0)
    assert collections.add(collection, [item.file_id], member.user) == 1
    assert (len(order_of(collection)), size_of(collection)) == (1, 1)
    assert CollectionItem.objects.filter(file=item.file_id).count() == 2


def test_a_collection_has_an_end(
    member: Membership,
    collection: Collection,
    fill: Callable[[int], list[CollectionItem]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collections, "MOST_ITEMS", 3)
    fill(2)
    more = [make_file(member).pk for _ in range(2)]
    with pytest.raises(collections.CollectionFull):
        collections.add(collection, more, member.user)
    assert len(order_of(collection)) == 2


def test_an_item_moves_one_step_and_not_over_the_ends(
    collection: Collection, fill: Callable[[int], list[CollectionItem]]
) -> None:
    a, b, c = fill(3)
    collections.move(c, "up")
    assert order_of(collection) == [a.pk, c.pk, b.pk]
    collections.move(b, "down")
    collections.move(a, "up")
    assert order_of(collection) == [a.pk, c.pk, b.pk]


def test_an_item_that_was_taken_out_does_not_move(
    collection: Collection, fill: Callable[[int], list[CollectionItem]]
) -> None:
    a, b = fill(2)
    collections.take_out(a)
    collections.move(a, "down")
    assert order_of(collection) == [b.pk]


class AnyOrder(TestCase):
    collection: Collection

    @classmethod
    def setUpTestData(cls) -> None:
        member = make_member()
        cls.collection = collections.make(member.team, member.user, "Any")
        collections.add(cls.collection, [make_file(member).pk for _ in range(4)], member.user)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(0, 9), max_size=12))
    def test_any_wanted_order_keeps_every_item_once_and_the_unnamed_as_they_were(
        self, wanted: list[int]
    ) -> None:
        before = order_of(self.collection)
        asked = [before[n] if n < len(before) else -n for n in wanted]
        collections.set_order(self.collection, asked)
        after = order_of(self.collection)
        assert sorted(after) == sorted(before)
        unnamed = [pk for pk in before if pk not in asked]
        assert after[len(after) - len(unnamed) :] == unnamed


def test_another_file_replaces_the_old_one(
    member: Membership, collection: Collection, fill: Callable[[int], list[CollectionItem]]
) -> None:
    first, second = fill(2)
    better = make_file(member)
    assert collections.replace(first, better)
    assert list(collection.items.present().values_list("file_id", flat=True)) == [
        better.pk,
        second.file_id,
    ]
    assert not collections.replace(second, better)


def test_every_change_counts_so_that_open_pages_see_it(
    member: Membership, collection: Collection, fill: Callable[[int], list[CollectionItem]]
) -> None:
    seen = []

    def note() -> None:
        collection.refresh_from_db()
        seen.append(collection.version)

    note()
    (item,) = fill(1)
    note()
    collections.change(collection, title="Second cut", description="")
    note()
    collections.rename(item, "The walk")
    note()
    collections.move(item, "up")
    note()
    assert seen == sorted(set(seen))


def test_a_collection_that_was_taken_away_is_not_listed_and_opens_no_link(
    member: Membership, collection: Collection
) -> None:
    _link, token = links.make(collection, member.user, links.Terms())
    collections.remove(collection, member.user)
    assert not Collection.objects.for_team(member.team).exists()
    assert links.live_link(token) is None


# ---- Links ----------------------------------------------------------------------------------


@pytest.fixture
def shared(member: Membership, collection: Collection) -> tuple[ShareLink, str]:
    return links.make(collection, member.user, links.Terms(name="Aurel", password="salt and amber"))


def test_a_token_has_256_bits_and_only_its_hash_is_kept(shared: tuple[ShareLink, str]) -> None:
    link, token = shared
    assert len(token) == 43  # 32 bytes in base 64
    kept = ShareLink.objects.filter(pk=link.pk).values().get()
    assert token not in str(kept)
    assert links.live_link(token) == link


def test_a_link_lives_fourteen_days_unless_told_otherwise(
    member: Membership, collection: Collection
) -> None:
    with clock.frozen(clock.now()) as frozen_clock:
        _link, token = links.make(collection, member.user, links.Terms())
        frozen_clock.advance(timedelta(days=14).total_seconds() - 1)
        assert links.live_link(token)
        frozen_clock.advance(1)
        assert links.live_link(token) is None


def test_a_password_is_kept_as_djangos_hash(shared: tuple[ShareLink, str]) -> None:
    link, _token = shared
    assert "salt and amber" not in link.password
    assert check_password("salt and amber", link.password)
    assert links.try_password(link, "salt and amber", "192.0.2.1")
    assert not links.try_password(link, "Salt and amber", "192.0.2.1")


def test_a_session_is_unlocked_by_proof_of_the_password_that_holds_now(
    shared: tuple[ShareLink, str],
) -> None:
    link, _token = shared
    kept = links.proof(link)
    assert links.is_unlocked(link, kept)
    assert not links.is_unlocked(link, "")
    link.password = "another hash"
    assert not links.is_unlocked(link, kept)


def tries_until_refused(link: ShareLink, address: str) -> int:
    for tries in range(100):
        try:
            links.try_password(link, "wrong", address)
        except links.TooManyTries:
            return tries
    raise AssertionError("nobody stops the guessing")


def test_ten_tries_of_a_link_and_address_reach_the_hasher_in_any_ten_minutes(
    shared: tuple[ShareLink, str],
) -> None:
    link, _token = shared
    with clock.frozen(clock.now().replace(minute=9, second=50)) as frozen_clock:
        assert tries_until_refused(link, "192.0.2.1") == 10
        assert tries_until_refused(link, "192.0.2.2") == 10
        # The next period of ten minutes begins, but the tries are recent.
        frozen_clock.advance(20)
        assert tries_until_refused(link, "192.0.2.1") == 0
        frozen_clock.advance(590)
        assert tries_until_refused(link, "192.0.2.1") == 10


def test_the_right_password_does_not_open_after_too_many_wrong_ones(
    shared: tuple[ShareLink, str],
) -> None:
    link, _token = shared
    tries_until_refused(link, "192.0.2.1")
    with pytest.raises(links.TooManyTries):
        links.try_password(link, "salt and amber", "192.0.2.1")


def test_a_link_that_was_taken_back_opens_nothing_and_is_written_down_once(
    member: Membership, shared: tuple[ShareLink, str]
) -> None:
    link, token = shared
    links.revoke(link, member.user)
    links.revoke(link, member.user)
    assert links.live_link(token) is None
    assert AuditEvent.objects.filter(verb="share.revoked").count() == 1


def test_sessions_are_counted_with_the_time_of_the_last(shared: tuple[ShareLink, str]) -> None:
    link, _token = shared
    links.start_visit(link)
    visit = links.start_visit(link)
    link.refresh_from_db()
    assert link.opens == 2
    assert link.opened_at
    assert abs(link.opened_at - visit.opened_at) < timedelta(seconds=5)


# ---- Review ---------------------------------------------------------------------------------


def test_a_guest_remarks_under_the_name_that_was_given_first(
    shared: tuple[ShareLink, str], fill: Callable[[int], list[CollectionItem]]
) -> None:
    link, (item,) = shared[0], fill(1)
    visit = links.start_visit(link)
    review.introduce(visit, "Rosa, Aurel")
    review.introduce(visit, "Somebody else")
    remark = review.add_remark(link, visit, item, "Slower?", 4160, 5000)
    assert (remark.name, remark.start_ms, remark.end_ms) == ("Rosa, Aurel", 4160, 5000)
    assert remark.file_id == item.file_id


def test_a_member_answers_and_settles_and_opens_again(
    member: Membership, shared: tuple[ShareLink, str], fill: Callable[[int], list[CollectionItem]]
) -> None:
    link, (item,) = shared[0], fill(1)
    remark = review.add_remark(link, links.start_visit(link), item, "Slower?")
    answer = review.answer(remark, member.user, "Take 4 is on its way.")
    assert (answer.answers, answer.author, answer.visit) == (remark, member.user, None)
    review.settle(remark, member.user, settled=True)
    remark.refresh_from_db()
    assert remark.settled_by == member.user
    review.settle(remark, member.user, settled=False)
    assert Remark.objects.filter(pk=remark.pk, settled_at=None, settled_by=None).exists()


@pytest.mark.parametrize(("start", "end"), [(None, 5), (5, 5), (5, 4)])
def test_a_range_that_does_not_end_after_its_beginning_cannot_be_written(
    shared: tuple[ShareLink, str],
    fill: Callable[[int], list[CollectionItem]],
    start: int | None,
    end: int,
) -> None:
    link, (item,) = shared[0], fill(1)
    visit = links.start_visit(link)
    with pytest.raises(IntegrityError), transaction.atomic():
        review.add_remark(link, visit, item, "Here", start, end)
    assert not Remark.objects.exists()


def test_an_approval_records_the_fingerprint_of_the_file(
    shared: tuple[ShareLink, str], fill: Callable[[int], list[CollectionItem]]
) -> None:
    link, (item,) = shared[0], fill(1)
    sha256 = item.file.sha256
    verdict = review.decide(link, links.start_visit(link), item, Decision.APPROVED, sha256)
    assert (verdict.sha256, verdict.file) == (sha256, item.file)


def test_what_was_replaced_meanwhile_cannot_be_approved_unseen(
    member: Membership, shared: tuple[ShareLink, str], fill: Callable[[int], list[CollectionItem]]
) -> None:
    link, (item,) = shared[0], fill(1)
    seen = item.file.sha256
    collections.replace(item, make_file(member))
    with pytest.raises(review.AnotherFile):
        review.decide(link, links.start_visit(link), item, Decision.APPROVED, seen)
    assert not Verdict.objects.exists()


def test_a_link_takes_so_many_remarks_and_no_more(
    shared: tuple[ShareLink, str],
    fill: Callable[[int], list[CollectionItem]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(review, "MOST_REMARKS", 2)
    link, (item,) = shared[0], fill(1)
    visit = links.start_visit(link)
    for _ in range(2):
        review.add_remark(link, visit, item, "Again")
    with pytest.raises(review.ReviewClosed):
        review.add_remark(link, visit, item, "And again")
    for _ in range(2):
        review.decide(link, visit, item, Decision.CHANGES, item.file.sha256)
    with pytest.raises(review.ReviewClosed):
        review.decide(link, visit, item, Decision.APPROVED, item.file.sha256)


def test_a_remark_an_answer_and_a_verdict_are_events_of_the_team(
    member: Membership, shared: tuple[ShareLink, str], fill: Callable[[int], list[CollectionItem]]
) -> None:
    link, (item,) = shared[0], fill(1)
    visit = links.start_visit(link)
    remark = review.add_remark(link, visit, item, "Slower?")
    answer = review.answer(remark, member.user, "Yes.")
    verdict = review.decide(link, visit, item, Decision.CHANGES, item.file.sha256)
    about = [EventKind.REMARK_MADE, EventKind.REMARK_ANSWERED, EventKind.VERDICT_GIVEN]
    events = Event.objects.filter(team=member.team, kind__in=about).order_by("pk")
    assert list(events.values_list("kind", "subject_id", "detail")) == [
        ("remark.made", remark.pk, {}),
        ("remark.answered", remark.pk, {"answer": answer.pk}),
        ("verdict.given", verdict.pk, {"decision": "changes"}),
    ]


def test_what_is_not_written_is_no_event(
    member: Membership,
    shared: tuple[ShareLink, str],
    fill: Callable[[int], list[CollectionItem]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link, (item,) = shared[0], fill(1)
    visit = links.start_visit(link)
    with pytest.raises(review.AnotherFile):
        review.decide(link, visit, item, Decision.APPROVED, "0" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        review.add_remark(link, visit, item, "Here", None, 5)
    monkeypatch.setattr(review, "MOST_REMARKS", 0)
    with pytest.raises(review.ReviewClosed):
        review.add_remark(link, visit, item, "Slower?")
    assert not Event.objects.filter(kind__startswith="remark").exists()
    assert not Event.objects.filter(kind__startswith="verdict").exists()


# ---- The archive ----------------------------------------------------------------------------


def make_entries(*sizes: int, name: str = "The walk") -> list[archive.ArchiveEntry]:
    entries = []
    for number, size in enumerate(sizes, start=1):
        content = bytes([number % 256]) * size
        stored = default_storage.save(f"{number}.mp4", ContentFile(content))
        entries.append(archive.ArchiveEntry(f"{number:02} {name}.mp4", stored, size, clock.now()))
    return entries


@pytest.mark.parametrize("name", ["The walk", "雨夜的老城"])
@pytest.mark.parametrize("limit", [None, 1000])
def test_an_archive_holds_each_clip_byte_for_byte_and_is_as_long_as_was_said(
    name: str, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limit:  # as if these were gigabytes
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    entries = make_entries(0, 10, 960, 700_000, 3, name=name)
    content = b"".join(archive.stream(entries))
    assert len(content) == archive.length(entries)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [entry.name for entry in entries]
        assert opened.read(entries[3].name) == bytes([4]) * 700_000


def test_an_archive_of_two_hundred_clips_begins_at_once_and_takes_no_memory() -> None:
    (first,) = make_entries(4_000_000)
    many = [
        archive.ArchiveEntry(f"{n:03}.mp4", first.stored, first.size, first.at) for n in range(200)
    ]
    pieces = archive.stream(many)
    next(pieces)
    tracemalloc.start()
    try:
        sent = sum(len(piece) for piece in pieces)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > 799_000_000
    assert peak < 4_000_000


class Remembering(FileSystemStorage):
    """The usual storage; what it opens can be looked at."""

    opened: ClassVar[list[Any]] = []

    def _open(self, name: str, mode: str = "rb") -> Any:
        self.opened.append(super()._open(name, mode))  # type: ignore[misc]
        return self.opened[-1]


def test_an_archive_whose_reader_left_closes_the_file_it_was_reading(
    settings: ProjectSettings,
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Remembering"}}
    pieces = archive.stream(make_entries(1_000_000, 1_000_000))
    next(pieces)
    assert [file.closed for file in Remembering.opened] == [False]
    pieces.close()  # type: ignore[attr-defined]
    assert [file.closed for file in Remembering.opened] == [True]


def test_an_archive_breaks_off_where_a_file_is_not_what_its_row_says() -> None:
    (entry,) = make_entries(1000)
    wrong = archive.ArchiveEntry(entry.name, entry.stored, 999, entry.at)
    with pytest.raises(OSError, match="has 1000 bytes, not 999"):
        b"".join(archive.stream([wrong]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a/b\\c: d?", "a b c d"),
        ("..", ""),
        ("雨夜 的\n老城", "雨夜 的 老城"),
        ("x" * 99, "x" * 80),
    ],
)
def test_a_name_in_an_archive_is_one_that_every_file_system_takes(text: str, name: str) -> None:
    assert archive.file_name(text) == name


# ---- The backdrop ---------------------------------------------------------------------------


def test_behind_the_gate_stands_a_picture_of_at_most_sixty_four_pixels(
    member: Membership, collection: Collection
) -> None:
    assert links.blurred_poster(collection) == ""
    picture = io.BytesIO()
    Image.effect_noise((640, 360), 90).save(picture, "webp")
    poster = default_storage.save("poster.webp", ContentFile(picture.getvalue()))
    collections.add(collection, [make_file(member, poster=poster).pk], member.user)
    drawn = links.blurred_poster(collection)
    with Image.open(io.BytesIO(base64.b64decode(drawn))) as image:
        assert image.size == (64, 36)
    default_storage.delete(poster)
    assert links.blurred_poster(collection) == drawn  # made once


def test_a_poster_that_cannot_be_read_makes_no_backdrop(
    member: Membership, collection: Collection
) -> None:
    collections.add(collection, [make_file(member, poster="gone.webp").pk], member.user)
    assert links.blurred_poster(collection) == ""
