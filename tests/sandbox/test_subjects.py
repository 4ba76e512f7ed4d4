"""The subjects that Vidu keeps, and what was ordered elsewhere (docs/wire.md, 2.20 and 2.22)."""

from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import body_of, download
from tests.sandbox.orders import LONG, query_task
from tests.sandbox.playback import frames
from tests.sandbox.stills import BLUE, GREEN, still
from tests.sandbox.test_siblings import credits_left
from tests.sandbox.test_vidu_errors import assert_refused

ADDRESS = "/ent/v2/subjects"
WIDE, TALL = still(320, 180), still(180, 320)
OTHER = {"Authorization": "Token sandbox-other"}


def keep(client: httpx.Client, name: str = "bottle", **fields: Any) -> dict[str, Any]:
    """A new subject."""
    return body_of(client.post(ADDRESS, json={"name": name, "images": [WIDE]} | fields))


def listed(client: httpx.Client, **query: Any) -> dict[str, Any]:
    return body_of(client.get(ADDRESS, params=query))


def refer(client: httpx.Client, *subjects: dict[str, Any]) -> httpx.Response:
    """The response to a clip with these subjects."""
    body = {"model": "viduq2", "prompt": "A @bottle", "duration": 1, "subjects": subjects}
    return client.post("/ent/v2/reference2video", json=body)


def make(client: httpx.Client, kind: str, **fields: Any) -> str:
    """The id of something that was ordered elsewhere."""
    return str(body_of(client.post("/control/made", json={"kind": kind} | fields))["id"])


def test_a_subject_is_kept_for_five_credits(client: httpx.Client) -> None:
    before = credits_left(client)
    subject = keep(client, images=[WIDE, TALL], voice_id="wumei_yujie")
    assert set(subject) == {
        *("id", "name", "images", "videos", "voice_id", "style", "description", "credits")
    }
    expected = {"name": "bottle", "videos": [], "voice_id": "wumei_yujie", "credits": 5}
    assert subject == subject | expected
    assert before - credits_left(client) == 5
    pictures = [download(url) for url in subject["images"]]
    assert [each.headers["content-type"] for each in pictures] == ["image/jpeg"] * 2


def test_a_subject_is_no_task(client: httpx.Client) -> None:
    subject = keep(client)
    response = client.get(f"/ent/v2/tasks/{subject['id']}/creations")
    assert_refused(response, 404, "TaskNotFound")
    assert client.get("/ent/v2/tasks").json()["tasks"] == []
    (told,) = client.get("/control/truth").json()["tasks"]
    assert (told["kind"], told["cost"], told["files"]) == ("subject", 5, [])


def test_subjects_are_listed_in_pages_for_their_account(client: httpx.Client) -> None:
    ids = [keep(client, f"bottle {number}")["id"] for number in range(3)]
    first = listed(client, count=2)
    assert [each["id"] for each in first["subjects"]] == [ids[2], ids[1]]
    assert first["count"] == 2
    second = listed(client, count=2, next_page_token=first["next_page_token"])
    assert ([each["id"] for each in second["subjects"]], second["next_page_token"]) == (
        [ids[0]],
        "",
    )
    some = listed(client, subject_ids=[ids[0], ids[2], "17"])["subjects"]
    assert [each["name"] for each in some] == ["bottle 2", "bottle 0"]
    assert listed(client, ownership="system")["subjects"] == []
    assert client.get(ADDRESS, headers=OTHER).json()["subjects"] == []
    for query in ({"count": 101}, {"count": 0}, {"ownership": "all"}):
        with case(query):
            assert_refused(client.get(ADDRESS, params=query), 400, "FieldInvalid")


def test_a_subject_can_be_changed(client: httpx.Client) -> None:
    subject, before = keep(client), credits_left(client)
    address, change = f"{ADDRESS}/{subject['id']}", {"id": subject["id"], "name": "green bottle"}
    body = body_of(client.put(address, json=change | {"images": [TALL], "style": "glass"}))
    expected = {"style": "glass", "description": subject["description"], "voice_id": ""}
    assert body == change | expected
    (kept,) = listed(client)["subjects"]
    assert (kept["name"], len(kept["images"])) == ("green bottle", 1)
    assert credits_left(client) == before
    missing, others = {"id": "17"}, client.put(address, json=change, headers=OTHER)
    assert_refused(client.put(f"{ADDRESS}/17", json=missing), 404, "NotFound")
    assert_refused(others, 404, "NotFound")
    assert_refused(client.put(address, json=missing), 400, "FieldInvalid")
    assert_refused(client.put(address, json={"name": "x"}), 400, "FieldLacking")


def test_a_subject_that_breaks_a_rule_is_refused(client: httpx.Client) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": ""}, "FieldLacking"),
        ({"name": "x" * 65}, "FieldInvalid"),
        ({"images": None}, "FieldLacking"),
        ({"images": []}, "FieldItemCountOutOfRange"),
        ({"images": [WIDE] * 4}, "FieldItemCountOutOfRange"),
        ({"images": [still(100, 100)]}, "PageSizeOutOfRange"),
        ({"style": "product"}, "FieldUnwanted"),
        ({"callback_url": "http://127.0.0.1/x"}, "FieldUnwanted"),
    ]
    for fields, reason in cases:
        with case(fields):
            body = {"name": "bottle", "images": [WIDE]} | fields
            assert_refused(client.post(ADDRESS, json=body), 400, reason)
    assert listed(client)["subjects"] == []


def test_a_subject_may_be_kept_although_its_answer_is_lost(client: httpx.Client) -> None:
    body = {"name": "bottle [500 after]", "images": [WIDE]}
    assert client.post(ADDRESS, json=body).status_code == 500
    assert [each["name"] for each in listed(client)["subjects"]] == [body["name"]]


def test_a_clip_shows_a_kept_subject_beside_others(sandbox: Sandbox, client: httpx.Client) -> None:
    subject = keep(client, images=[still(200, 200, colour=GREEN)])
    kept = {"name": "bottle", "server_id": subject["id"]}
    new = {"name": "vase", "images": [still(200, 200, colour=BLUE)]}
    body = body_of(refer(client, kept, new))
    assert body["subjects"] == [kept, new | {"images": [""]}]
    sandbox.advance(LONG)
    assert query_task(client, body["task_id"])["state"] == "success"
    shown = sandbox.tasks[body["task_id"]].order["pictures"]
    assert len(shown) == 2


def test_a_subject_that_nobody_keeps_is_not_found(client: httpx.Client) -> None:
    subject = keep(client)
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"server_id": "17"}, 404, "NotFound"),
        ({"server_id": ""}, 400, "FieldInvalid"),
        ({"server_id": subject["id"], "images": [WIDE]}, 400, "FieldUnwanted"),
        ({}, 400, "FieldLacking"),
    ]
    for fields, status, reason in cases:
        with case(fields):
            assert_refused(refer(client, {"name": "bottle"} | fields), status, reason)


def test_subjects_outlive_a_restart(tmp_path: Any, clip_folder: Any) -> None:
    headers = {"Authorization": f"Token {KEY}"}
    for has_subject in (False, True):
        with (
            Sandbox.running(folder=tmp_path, clip_folder=clip_folder) as sandbox,
            httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False) as client,
        ):
            subjects = listed(client)["subjects"]
            assert bool(subjects) == has_subject
            if has_subject:
                assert download(subjects[0]["images"][0]).status_code == 200
            else:
                keep(client)


@pytest.mark.parametrize("kind", ["template", "template-story", "multiframe", "extend"])
def test_a_film_that_was_ordered_elsewhere_is_asked_for_by_its_id(
    client: httpx.Client, kind: str
) -> None:
    before = credits_left(client)
    body = query_task(client, make(client, kind, prompt="A harbour"))
    assert (body["state"], body["type"]) == ("success", kind)
    assert body["credits"] == before - credits_left(client) > 0
    assert frames(body["creations"][0]["url"])


def test_a_sound_effect_that_was_ordered_elsewhere_is_a_sound(client: httpx.Client) -> None:
    body = query_task(client, make(client, "text2audio"))
    assert download(body["creations"][0]["url"]).headers["content-type"] == "audio/mpeg"


def test_what_was_ordered_elsewhere_may_be_running_or_failed(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    task_id = make(client, "extend", running=True)
    assert query_task(client, task_id)["state"] == "created"
    sandbox.advance(LONG)
    assert query_task(client, task_id)["state"] == "success"
    failed = query_task(client, make(client, "extend", prompt="A [fail CreationPolicyViolation]"))
    assert (failed["state"], failed["credits"]) == ("failed", 0)
    assert client.post("/control/made", json={"kind": "nothing"}).status_code == 400


def test_a_music_video_is_a_tree_at_an_address_of_its_own(client: httpx.Client) -> None:
    video_id = make(client, "mv", prompt="A song", duration=7)
    creations = client.get(f"/ent/v2/tasks/{video_id}/creations")
    assert_refused(creations, 404, "TaskNotFound")
    body = body_of(client.get(f"/ent/v2/one-click/mv/{video_id}"))
    assert (body["id"], body["type"], body["state"]) == (video_id, "mv", "success")
    assert "credits" not in body
    records = body["job_records"]
    assert [(each["type"], each["index"]) for each in records] == [
        ("generate_video", 0),
        ("generate_video", 1),
        ("generate_video", 2),
        ("compose", 0),
    ]
    lengths = [
        each["jobs"][0]["mv_generate_video_input"]["duration"]
        for each in records
        if each["type"] == "generate_video"
    ]
    assert lengths == [3, 3, 1]
    film = records[-1]["jobs"][0]["signed_url"]
    assert download(film).content == download(body["signed_url"]).content
    assert frames(records[0]["jobs"][0]["signed_url"])


def test_a_long_music_video_has_its_link_in_its_last_job_only(client: httpx.Client) -> None:
    video_id = make(client, "mv", duration=200)
    body = body_of(client.get(f"/ent/v2/one-click/mv/{video_id}"))
    assert "signed_url" not in body
    assert body["job_records"][-1]["jobs"][0]["signed_url"]
    other = make(client, "extend")
    assert_refused(client.get(f"/ent/v2/one-click/mv/{other}"), 404, "TaskNotFound")
