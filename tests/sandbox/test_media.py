"""Files: signed links, ranges, and what can be wrong with a body."""

import itertools
import time
from io import BytesIO
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import client_of
from tests.sandbox.orders import LONG, create, finish, query_task


def video_url(sandbox: Sandbox, client: httpx.Client, prompt: str, **fields: Any) -> str:
    return str(finish(sandbox, client, prompt, **fields)["creations"][0]["url"])


def get(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, url, headers=names, trust_env=False, verify=False)


def test_a_link_dies_after_an_hour_and_each_query_gives_a_new_one(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    body = finish(sandbox, client, "x")
    first = body["creations"][0]["url"]
    sandbox.advance(3599)
    assert get(first).status_code == 200
    sandbox.advance(2)
    assert get(first).status_code == 403
    again = query_task(client, body["id"])["creations"][0]["url"]
    assert again != first
    assert get(again).status_code == 200


def test_a_directive_sets_the_life_of_a_link(sandbox: Sandbox, client: httpx.Client) -> None:
    for directive, seconds in (("link 60", 60), ("link day", 86_400)):
        with case(directive):
            url = video_url(sandbox, client, f"x [{directive}]")
            sandbox.advance(seconds - 1)
            assert get(url).status_code == 200
            sandbox.advance(2)
            assert get(url).status_code == 403


def test_a_changed_query_is_forbidden(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x")
    for change in ("&a=1", "0", "?"):
        with case(change):
            assert get(url + change).status_code == 403
    assert get(url.replace("Expires=1", "Expires=2")).status_code == 403
    assert get(url.partition("?")[0]).status_code == 403


def test_a_key_sent_to_a_link_is_an_error(sandbox: Sandbox, client: httpx.Client) -> None:
    assert get(video_url(sandbox, client, "x"), Authorization="Token sandbox-x").status_code == 400


def test_all_links_can_be_killed(sandbox: Sandbox, client: httpx.Client) -> None:
    body = finish(sandbox, client, "x")
    client.post("/control/expire")
    assert get(body["creations"][0]["url"]).status_code == 403
    assert get(query_task(client, body["id"])["creations"][0]["url"]).status_code == 200


def test_ranges_are_exact(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x")
    whole = get(url)
    size = len(whole.content)
    assert (whole.headers["content-length"], whole.headers["accept-ranges"]) == (str(size), "bytes")
    for asked, span in [
        ("bytes=0-9", (0, 10)),
        ("bytes=100-", (100, size)),
        ("bytes=-7", (size - 7, size)),
        (f"bytes=5-{size * 2}", (5, size)),
    ]:
        part = get(url, Range=asked)
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {span[0]}-{span[1] - 1}/{size}"
        assert part.content == whole.content[slice(*span)]
    outside = get(url, Range=f"bytes={size}-")
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}")


def test_a_range_counts_only_for_the_same_file(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x")
    tag = get(url).headers["etag"]
    assert get(url, Range="bytes=0-9", If_Range=tag).status_code == 206
    assert get(url, Range="bytes=0-9", If_Range='"another"').status_code == 200
    assert get(url, If_None_Match=tag).status_code == 304


def test_head_tells_the_length_without_a_body(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x")
    assert get(url, "HEAD").headers["content-length"] == str(len(get(url).content))


def test_a_truncated_body_can_be_resumed(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x [truncated]")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
        get(url)
    assert get(url, Range="bytes=100-").status_code == 206
    never = video_url(sandbox, client, "x [truncated always]")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
        get(never, Range="bytes=100-")


def test_a_page_can_stand_where_a_video_should(sandbox: Sandbox, client: httpx.Client) -> None:
    page = get(video_url(sandbox, client, "x [html body]"))
    assert page.headers["content-type"].startswith("text/html")
    disguised = get(video_url(sandbox, client, "x [html as mp4]"))
    assert disguised.headers["content-type"] == "video/mp4"
    assert page.content == disguised.content
    assert b"<html" in page.content


def test_a_body_can_be_slow(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x [slow body 1]")
    began = time.monotonic()
    assert get(url).content[4:8] == b"ftyp"
    assert time.monotonic() - began > 0.9


@pytest.mark.parametrize("directive", ["drip", "endless"])
def test_a_body_can_go_on_for_ever(sandbox: Sandbox, client: httpx.Client, directive: str) -> None:
    url = video_url(sandbox, client, f"x [{directive}]")
    with httpx.stream("GET", url, verify=False) as response:
        chunks = list(itertools.islice(response.iter_raw(), 2))
    assert all(chunks)
    assert response.headers.get("content-length", "1000000000") == "1000000000"


def test_a_video_can_be_a_gigabyte_and_still_play(sandbox: Sandbox, client: httpx.Client) -> None:
    url = video_url(sandbox, client, "x [huge]")
    head = get(url, "HEAD")
    assert int(head.headers["content-length"]) > 2**30
    with av.open(url, "r") as container:
        assert len(list(container.decode(video=0))) == 8
    assert get(url, Range="bytes=-5").content == bytes(5)


def test_a_link_can_answer_otherwise(sandbox: Sandbox, client: httpx.Client) -> None:
    for directive, statuses in [
        ("media 500", [500, 200]),
        ("media 404 always", [404, 404]),
        ("redirect loop", [302, 302]),
    ]:
        with case(directive):
            url = video_url(sandbox, client, f"x [{directive}]")
            assert [get(url).status_code for _ in statuses] == statuses


def test_a_link_can_lead_elsewhere_or_to_a_private_address(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    url = video_url(sandbox, client, "x [redirect]")
    assert httpx.get(url, follow_redirects=True, verify=False).content[4:8] == b"ftyp"
    private = get(video_url(sandbox, client, "x [redirect private]"))
    assert private.headers["location"].startswith("http://169.254.169.254/")


def test_ranges_can_be_ignored_and_tags_change(sandbox: Sandbox, client: httpx.Client) -> None:
    assert get(video_url(sandbox, client, "x [no range]"), Range="bytes=0-9").status_code == 200
    url = video_url(sandbox, client, "x [changed]")
    assert get(url).headers["etag"] != get(url).headers["etag"]


@pytest.mark.parametrize(
    ("ratio", "resolution", "size"),
    [("16:9", "720p", (1280, 720)), ("9:16", "540p", (540, 960)), ("4:3", "720p", (960, 720))],
)
def test_a_clip_has_the_asked_size_and_length_with_picture_and_sound(
    ratio: str, resolution: str, size: tuple[int, int]
) -> None:
    with Sandbox.running(tiny=False) as large, client_of(large, "vidu") as client:
        fields = {"aspect_ratio": ratio, "resolution": resolution, "duration": 2}
        creation = finish(large, client, "清晨的咖啡杯 coffee", **fields)["creations"][0]
        video, cover = get(creation["url"]), get(creation["cover_url"])
    with av.open(BytesIO(video.content), "r") as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.width, picture.height) == size
        assert (picture.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert picture.average_rate == 24
        assert picture.frames == 48
        assert container.duration == 2_000_000
        keys = [frame.time for frame in container.decode(picture) if frame.key_frame]
        assert keys == [0, 1]
    assert video.content.index(b"moov") < video.content.index(b"mdat")
    assert Image.open(BytesIO(cover.content)).size == size


def test_clips_of_different_prompts_look_different(sandbox: Sandbox, client: httpx.Client) -> None:
    task_ids = [create(client, prompt) for prompt in ("One", "Two", "One")]
    sandbox.advance(LONG)
    replies = [query_task(client, task_id) for task_id in task_ids]
    videos = [get(reply["creations"][0]["url"]).content for reply in replies]
    assert videos[0] != videos[1]
