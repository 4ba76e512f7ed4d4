"""Ad films: the brief, the detail with its records, and their files (docs/wire.md, 2.13)."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.directives import Directives
from generations.sandbox.providers.vidu.film_plan import FilmPlan
from tests.cases import case
from tests.sandbox import playback
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import download, http_client
from tests.sandbox.films import (
    PATH,
    PRODUCT,
    create_film,
    detail,
    edit,
    finished_film,
    post_film,
    records,
)
from tests.sandbox.orders import LONG, create, query_task
from tests.sandbox.receiver import Receiver
from tests.sandbox.stills import BLUE, GREEN, RED, still
from tests.sandbox.test_vidu_errors import assert_refused, balance

FORBIDDEN_FILMS: list[tuple[dict[str, Any], str]] = [
    ({"images": None}, "FieldLacking"),
    ({"images": []}, "FieldItemCountOutOfRange"),
    ({"images": [PRODUCT] * 8}, "FieldItemCountOutOfRange"),
    ({"images": PRODUCT}, "FieldInvalid"),
    ({"images": [still(410, 100)]}, "PageSizeOutOfRange"),
    ({"images": ["data:image/gif;base64,R0lGODlhAQABAAAAACw="]}, "ImageFormatInvalid"),
    ({"prompt": "x" * 2001}, "FieldInvalid"),
    ({"duration": 9}, "FieldInvalid"),
    ({"duration": 61}, "FieldInvalid"),
    ({"duration": "15"}, "FieldInvalid"),
    ({"aspect_ratio": "4:3"}, "FieldInvalid"),
    ({"language": "fr"}, "FieldInvalid"),
    ({"callback_url": "here"}, "FieldInvalid"),
    ({"model": "viduq3-pro"}, "FieldUnwanted"),
    ({"payload": "job-17"}, "FieldUnwanted"),
    ({"creative": True}, "FieldUnwanted"),
    ({"resolution": "720p"}, "FieldUnwanted"),
]


def test_a_film_is_answered_with_the_members_of_the_page_and_no_others(
    client: httpx.Client,
) -> None:
    image = "http://127.0.0.1:9/product.png"
    body = post_film(client, "Coffee", images=[PRODUCT], language=None).json()
    assert list(body) == [
        "task_id",
        "state",
        "images",
        "prompt",
        "duration",
        "aspect_ratio",
        "language",
        "credits",
    ]
    assert body | {"task_id": ""} == {
        "task_id": "",
        "state": "created",
        "images": [""],
        "prompt": "Coffee",
        "duration": 15,
        "aspect_ratio": "16:9",
        "language": "zh",
        "credits": 400,
    }
    assert_refused(post_film(client, images=[image]), 400, "ImageDownloadFailure")


def test_a_film_that_the_page_forbids_is_refused(sandbox: Sandbox, client: httpx.Client) -> None:
    for fields, reason in FORBIDDEN_FILMS:
        with case(fields):
            assert_refused(post_film(client, **fields), 400, reason)
            assert sandbox.counts.creates == 0


def test_a_film_costs_in_proportion_to_its_seconds(client: httpx.Client) -> None:
    for seconds, credits in [(10, 267), (15, 400), (60, 1600)]:
        with case(seconds):
            before = balance(client)["credit_remain"]
            assert post_film(client, duration=seconds).json()["credits"] == credits
            assert balance(client)["credit_remain"] == before - credits


def test_every_film_has_storyboards_of_four_to_six_seconds() -> None:
    for seconds in range(10, 61):
        lengths = FilmPlan.of(seconds, "", Directives()).seconds
        assert sum(lengths) == seconds
        assert set(lengths) <= {4, 5, 6}
    assert FilmPlan.of(15, "", Directives()).seconds == (5, 5, 5)


def test_a_film_is_queried_like_any_task(sandbox: Sandbox, client: httpx.Client) -> None:
    film = create_film(client, "Coffee")
    assert query_task(client, film)["state"] == "created"
    sandbox.advance(LONG)
    body = query_task(client, film)
    assert (body["state"], body["credits"], body["payload"]) == ("success", 400, "")
    creation = body["creations"][0]
    assert creation["watermarked_url"] == ""
    assert playback.seconds(creation["url"]) == 3.0
    assert download(creation["cover_url"]).content[:3] == b"\xff\xd8\xff"


def test_the_detail_has_the_records_of_the_page(sandbox: Sandbox, client: httpx.Client) -> None:
    film = finished_film(sandbox, client, "Coffee [two takes]")
    body = detail(client, film)
    assert list(body) == ["id", "err_code", "state", "data_records"]
    assert (body["id"], body["err_code"], body["state"]) == (film, "", "success")
    found = body["data_records"]
    assert [each["stroyboard_id"] for each in found["storyboards"]] == [0, 1, 2]
    assert [len(each["records"]) for each in found["storyboards"]] == [2, 1, 1]
    takes = [record for each in found["storyboards"] for record in each["records"]]
    takes += found["narration_records"] + found["bgm_records"]
    for take in takes:
        assert take == take | {"type": "generate_video", "state": "success", "err_code": ""}
        assert list(take) == ["id", "type", "prompt", "creation_url", "state", "err_code"]
    (cut,) = found["completed_creation_records"]
    assert list(cut) == ["id", "state", "params", "creation_url", "err_code"]
    assert cut["params"] == {
        "video_task_ids": [each["records"][0]["id"] for each in found["storyboards"]],
        "bgm_task_id": found["bgm_records"][0]["id"],
        "narration_task_id": found["narration_records"][0]["id"],
    }
    assert len({take["id"] for take in takes} | {film, cut["id"]}) == 8


def test_a_storyboard_shows_one_of_the_pictures_of_the_product(
    client: httpx.Client, film: str
) -> None:
    storyboards = records(client, film)["storyboards"]
    for storyboard, colour in zip(storyboards, (RED, GREEN, BLUE), strict=True):
        shown = playback.frames(storyboard["records"][0]["creation_url"])
        assert playback.are_near(playback.colour(shown[0]), colour)


def test_the_film_shows_its_storyboards_one_after_the_other(
    client: httpx.Client, film: str
) -> None:
    shown = playback.frames(query_task(client, film)["creations"][0]["url"])
    assert len(shown) == 24
    for index, colour in enumerate((RED, GREEN, BLUE)):
        assert playback.are_near(playback.colour(shown[8 * index]), colour)
        assert playback.are_near(playback.colour(shown[8 * index + 7]), colour)


def test_a_film_has_the_shape_that_was_asked_for(sandbox: Sandbox, client: httpx.Client) -> None:
    film = finished_film(sandbox, client, "Coffee", aspect_ratio="9:16")
    creation = query_task(client, film)["creations"][0]
    assert playback.frames(creation["url"])[0].size == (90, 160)
    assert creation["video"]["resolution"] == {"width": 720, "height": 1280}


def test_narration_and_music_are_mp3_files_as_long_as_the_film(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    found = records(client, finished_film(sandbox, client, "Coffee", duration=20))
    for record in (found["narration_records"][0], found["bgm_records"][0]):
        file = download(record["creation_url"])
        assert file.headers["content-type"] == "audio/mpeg"
        assert playback.seconds(record["creation_url"]) == pytest.approx(20, abs=0.1)
        creation = query_task(client, record["id"])["creations"][0]
        assert (creation["cover_url"], creation["watermarked_url"]) == ("", "")
        assert download(creation["url"]).content == file.content


def test_a_narration_speaks_the_language_of_the_film(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for language, words in [("zh", "这就是咖啡"), ("en", "This is 咖啡")]:
        with case(language):
            film = finished_film(sandbox, client, "咖啡 [one take]", language=language)
            narration = records(client, film)["narration_records"][0]
            assert narration["prompt"].startswith(words)


def test_every_detail_signs_its_links_anew_for_an_hour(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    def links() -> list[str]:
        found = records(client, film)
        several = [record for each in found["storyboards"] for record in each["records"]]
        several += found["narration_records"] + found["completed_creation_records"]
        return [record["creation_url"] for record in several]

    def statuses(urls: list[str]) -> set[int]:
        return {httpx.head(url, verify=False).status_code for url in urls}

    first = links()
    assert not set(first) & set(links())
    sandbox.advance(3599)
    assert statuses(first) == {200}
    sandbox.advance(2)
    assert statuses(first) == {403}
    assert statuses(links()) == {200}


def test_the_detail_of_an_unfinished_film_is_refused(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = create_film(client, "Coffee [stuck]")
    for _ in range(3):
        assert_refused(client.get(f"{PATH}/{film}"), 400, "BadRequest")
        sandbox.advance(2)


def test_a_failed_film_has_no_records_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = finished_film(sandbox, client, "Coffee [fail CreationPolicyViolation]")
    body = detail(client, film)
    assert (body["state"], body["err_code"]) == ("failed", "CreationPolicyViolation")
    assert not any(body["data_records"].values())
    assert query_task(client, film)["credits"] == 0
    assert balance(client)["credit_remain"] == 100_000


def test_only_a_film_of_the_same_key_has_a_detail(client: httpx.Client, film: str) -> None:
    clip = create(client)
    take = records(client, film)["storyboards"][0]["records"][0]["id"]
    for unknown in (clip, take, "1"):
        assert_refused(client.get(f"{PATH}/{unknown}"), 404, "TaskNotFound")
    assert_refused(client.get(f"{PATH}/abc"), 400, "CODEC")
    other_key = {"Authorization": "Token sandbox-other"}
    assert_refused(client.get(f"{PATH}/{film}", headers=other_key), 404, "TaskNotFound")
    other_scheme = {"Authorization": f"Bearer {KEY}"}
    assert_refused(client.get(f"{PATH}/{film}", headers=other_scheme), 401, "Unauthorized")


def test_a_film_is_refused_by_a_directive(client: httpx.Client) -> None:
    for directive, reason, status in [
        ("refuse AuditSubmitIllegal", "AuditSubmitIllegal", 400),
        ("429", "TooManyRequests", 429),
    ]:
        with case(directive):
            assert_refused(post_film(client, f"Coffee [{directive}]"), status, reason)


def test_a_film_may_be_created_though_its_answer_is_lost(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post_film(client, "Coffee [drop after]")
    assert sandbox.counts.creates == 1


def test_a_film_is_counted_and_listed_without_its_records(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = finished_film(sandbox, client)
    take = edit(sandbox, client, film)
    rows = client.get("/ent/v2/tasks").json()["tasks"]
    assert [(row["id"], row["type"]) for row in rows] == [
        (take, "generate_video"),
        (film, "ad-one-click"),
    ]
    assert rows[1]["creations"][0]["url"].startswith(sandbox.url)
    assert (rows[1]["model"], rows[1]["duration"], rows[1]["images"]) == ("", 15, [""])
    assert sandbox.counts.creates == 2


def test_a_film_and_an_edit_report_their_states(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    film = create_film(client, "Coffee", callback_url=f"{receiver.url}/film")
    sandbox.advance(LONG)
    take = edit(sandbox, client, film, callback_url=f"{receiver.url}/edit", payload="job-18")
    callbacks = receiver.received
    assert [(each.path, each.body["id"], each.body["state"]) for each in callbacks] == [
        ("/film", film, "processing"),
        ("/film", film, "success"),
        ("/edit", take, "processing"),
        ("/edit", take, "success"),
    ]
    assert callbacks[1].body.keys() == query_task(client, film).keys()
    assert callbacks[3].body["payload"] == "job-18"


def test_a_film_outlives_a_restart(tmp_path: Path) -> None:
    with (
        Sandbox.running(folder=tmp_path) as first,
        http_client(first.url, f"Token {KEY}") as client,
    ):
        finished = finished_film(first, client)
        before = records(client, finished)
        unfinished = create_film(client, "Tea")
    with (
        Sandbox.running(folder=tmp_path) as second,
        http_client(second.url, f"Token {KEY}") as client,
    ):
        after = records(client, finished)
        assert [each["records"][0]["id"] for each in after["storyboards"]] == [
            each["records"][0]["id"] for each in before["storyboards"]
        ]
        assert playback.seconds(after["completed_creation_records"][0]["creation_url"]) == 3.0
        second.advance(LONG)
        assert len(records(client, unfinished)["storyboards"]) == 3
