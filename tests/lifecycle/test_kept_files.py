"""Paid bytes are kept as they came, by their true type; browsers get a copy where they need one."""

import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from generations import media
from generations.lifecycle import fetch, proxies, sweep, trash, verify
from generations.media import Crashed
from generations.models import File, Lease, Task
from generations.models.files import FileState
from generations.net.sockets import AddressPolicy
from generations.storage import store
from generations.teams import provider_access
from tests.media import clips
from tests.net.origin import origin, reply
from tests.threads import at_once

from .conftest import World
from .test_fetch import LIFE, check_stored, fetch_through, ready, tries_within


def fetch_bytes(world: World, content: bytes, *, role: str = "video", seconds: float = 60) -> File:
    """The result of an order for which its link gives these bytes, called an MP4."""
    file = ready(world)
    with origin(reply(200, content, "Content-Type: video/mp4")) as server:
        reached = {("127.0.0.1", server.port), ("127.0.0.1", urlsplit(world.sandbox.url).port or 0)}
        with pytest.MonkeyPatch.context() as patch:
            policy = AddressPolicy(exceptions=frozenset(reached))
            patch.setattr(provider_access, "policy", lambda: policy)
            patch.setattr(fetch, "_ask_for_link", lambda file: fetch.Renewal(is_answered=True))
            File.objects.filter(pk=file.pk).update(url=f"{server.url}/clip.mp4", role=role)
            tries_within(world, file, seconds=seconds)
    world.cluster.lose()
    return file


def webm_without_duration(folder: Path) -> bytes:
    """A WebM as live recorders write it: it cannot seek back to write how long it is."""
    path = clips.clip(folder / "live.webm", codec="libvpx", container="webm", options={"live": "1"})
    return path.read_bytes()


def test_a_webm_without_a_duration_is_kept_and_measured(world: World, tmp_path: Path) -> None:
    content = webm_without_duration(tmp_path)
    file = fetch_bytes(world, content)
    check_stored(file)
    assert store.read(file.name) == content
    assert (Path(file.name).suffix, file.content_type) == (".webm", "video/webm")
    assert file.duration_ms
    assert abs(file.duration_ms - 1000) < 100


def test_a_mov_that_is_served_as_mp4_is_kept_as_mov(
    world: World, tmp_path: Path, client: Client
) -> None:
    content = clips.clip(tmp_path / "clip", container="mov").read_bytes()
    file = fetch_bytes(world, content)
    check_stored(file)
    assert (Path(file.name).suffix, file.content_type) == (".mov", "video/quicktime")
    client.force_login(world.membership.user)
    answer = client.get(f"/files/{file.pk}/clip.mov?download=1")
    assert answer["Content-Type"] == "video/quicktime"
    assert '.mov"' in answer["Content-Disposition"]
    assert answer.getvalue() == content


@pytest.mark.parametrize(
    ("make", "suffix", "kind"),
    [
        (partial(clips.clip, container="matroska"), ".mkv", "video"),
        (partial(clips.clip, container="avi", codec="mpeg4"), ".avi", "video"),
        (partial(clips.clip, container="mpegts"), ".ts", "video"),
        (partial(clips.clip, container="mxf", codec="mpeg2video", rate=25), ".mxf", "application"),
    ],
    ids=["mkv", "avi", "ts", "mxf"],
)
def test_every_container_keeps_its_own_ending(
    world: World, tmp_path: Path, make: Callable[[Path], Path], suffix: str, kind: str
) -> None:
    file = fetch_bytes(world, make(tmp_path / "clip").read_bytes())
    check_stored(file)
    assert Path(file.name).suffix == suffix
    assert file.content_type.startswith(kind)
    assert file.is_proxy_coming


def test_a_sound_in_the_place_of_a_video_and_a_webp_as_cover_are_what_they_are(
    world: World, tmp_path: Path
) -> None:
    sound = clips.sound(
        tmp_path / "sound", codec="libmp3lame", container="mp3", sample_format="fltp"
    )
    file = fetch_bytes(world, sound.read_bytes(), seconds=300)
    assert (Path(file.name).suffix, file.content_type) == (".mp3", "audio/mpeg")
    picture = io.BytesIO()
    clips.moving(64, 48)(0).save(picture, "webp")
    cover = fetch_bytes(world, picture.getvalue(), role="cover")
    assert (Path(cover.name).suffix, cover.content_type) == (".webp", "image/webp")


def test_bytes_that_nobody_can_read_are_kept_with_an_alarm(world: World) -> None:
    content = os.urandom(4000)
    file = fetch_bytes(world, b"\x00\x01" + content)
    assert file.state == FileState.FETCHING, "its provider may still be writing it"
    file = fetch_bytes(world, b"\x00\x01" + content, seconds=300)
    check_stored(file)
    assert (file.has_sound, file.duration_ms, file.plays_in_browsers) == (None, None, None)
    assert "file_damaged" in [alarm.code for alarm in Task.objects.get(pk=file.task_id).alarms]


def test_a_picture_in_the_place_of_a_film_may_stand_for_it_and_is_told_if_it_stays(
    world: World,
) -> None:
    picture = io.BytesIO()
    clips.moving(160, 90)(0).save(picture, "png")
    file = fetch_bytes(world, picture.getvalue())
    assert (file.state, file.last_error) == (FileState.FETCHING, "not readable: no film")
    file = fetch_bytes(world, picture.getvalue(), seconds=300)
    check_stored(file)
    [alarm] = Task.objects.get(pk=file.task_id).alarms
    assert (alarm.code, alarm.detail) == ("not_delivered", "film")


def test_bytes_are_kept_at_once_where_their_link_is_about_to_die(world: World) -> None:
    file, url = ready(world), "https://files.example/clip.mp4"
    File.objects.filter(pk=file.pk).update(url=url, seen_at=world.frozen_clock.at - LIFE)
    file.refresh_from_db()
    assert not fetch._may_come_better(file, media.MediaProblem.CUT)
    File.objects.filter(pk=file.pk).update(seen_at=world.frozen_clock.at)
    file.refresh_from_db()
    assert fetch._may_come_better(file, media.MediaProblem.CUT)


def test_a_file_that_ends_too_early_may_still_be_written_and_is_kept_in_the_end(
    world: World, tmp_path: Path
) -> None:
    whole = clips.clip(tmp_path / "clip.mp4", options={"movflags": "faststart"}).read_bytes()
    file = fetch_bytes(world, whole[: len(whole) * 2 // 3])
    assert file.state == FileState.FETCHING
    assert "cut" in file.last_error
    file = fetch_bytes(world, whole[: len(whole) * 2 // 3], seconds=300)
    check_stored(file)


# ---- Copies for browsers --------------------------------------------------------------------


@pytest.fixture
def hevc(world: World, tmp_path: Path) -> File:
    """A stored clip that most browsers do not play."""
    content = clips.clip(tmp_path / "hevc.mp4", codec="libx265", sound=True).read_bytes()
    file = fetch_bytes(world, content)
    check_stored(file)
    assert (file.codec, file.plays_in_browsers, file.is_proxy_coming) == ("hevc", False, True)
    return file


def make(file: File) -> File:
    proxies.make_proxy(file.pk)
    file.refresh_from_db()
    return file


def test_a_copy_is_made_beside_the_original_and_plays(
    world: World, hevc: File, client: Client, tmp_path: Path
) -> None:
    before = store.read(hevc.name)
    version = Task.objects.get(pk=hevc.task_id).version
    make(hevc)
    assert store.read(hevc.name) == before
    assert (hevc.codec, hevc.is_proxy_coming) == ("hevc", False)
    assert Task.objects.get(pk=hevc.task_id).version > version, "pages hear of it"
    with store.local_path(hevc.proxy) as path:
        facts = media.inspect(path, tmp_path)
    assert (facts.codec, facts.plays_in_browsers, facts.has_audio) == ("h264", True, True)
    assert not list(verify.faults())
    assert not list(verify.unknown())
    client.force_login(world.membership.user)
    played = client.get(f"/files/{hevc.pk}/proxy.mp4")
    assert played.getvalue() == store.read(hevc.proxy)
    assert client.get(f"/files/{hevc.pk}/clip.mp4?download=1").getvalue() == before


def test_two_workers_make_one_copy(hevc: File, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    original = media.make_proxy

    def counted(file: Path, outdir: Path, *, timeout: float) -> media.Facts:
        made.append(file)
        return original(file, outdir, timeout=timeout)

    monkeypatch.setattr(media, "make_proxy", counted)
    at_once([partial(proxies.make_proxy, hevc.pk)] * 2)
    make(hevc)
    assert len(made) == 1
    assert hevc.proxy


def test_a_worker_that_dies_leaves_the_copy_to_the_sweep(
    world: World, hevc: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(media, "make_proxy", dies)
        with pytest.raises(KeyboardInterrupt):
            proxies.make_proxy(hevc.pk)
    Lease.acquire(proxies.LEASE, "dead", proxies.LEASE_SECONDS)
    world.frozen_clock.advance(301)
    sweep.sweep(0)
    world.cluster.work()
    hevc.refresh_from_db()
    assert hevc.proxy


def test_after_some_tries_no_copy_is_made_and_the_file_stays(
    world: World, hevc: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise Crashed("out of time")

    monkeypatch.setattr(media, "make_proxy", fails)
    for _ in range(6):
        make(hevc)
        world.frozen_clock.advance(25 * 3600)
    assert (hevc.tries, hevc.is_proxy_coming, hevc.state) == (4, False, FileState.STORED)


def test_a_copy_goes_with_its_file_and_is_made_again_where_it_is_missing(
    world: World, hevc: File
) -> None:
    make(hevc)
    default_storage.delete(hevc.proxy)
    (fault,) = verify.faults()
    assert verify.repair(fault)
    world.cluster.work()
    assert not list(verify.faults())
    trash.move_to_trash(hevc.task, world.membership.user)
    trash.empty(world.membership.team, world.membership.user)
    world.cluster.work()
    assert list(store.names()) == []


def test_what_plays_everywhere_gets_no_copy(world: World) -> None:
    file = fetch_through(world, ready(world))
    assert (file.plays_in_browsers, file.proxy, file.not_before) == (True, "", None)
