"""What directives make of films, their details, edits and cuts."""

import zlib
from typing import Any

import httpx

from generations.sandbox.app import Sandbox
from generations.sandbox.help_tables import FILM_DIRECTIVES
from tests.cases import case
from tests.sandbox import playback
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import download
from tests.sandbox.films import (
    PATH,
    compose,
    edit,
    finished_film,
    newest_records,
    post_compose,
    post_edit,
    post_film,
    records,
)
from tests.sandbox.orders import LONG, query_task
from tests.sandbox.test_vidu_errors import assert_refused


def take_counts(found: dict[str, Any]) -> list[int]:
    return [len(each["records"]) for each in found["storyboards"]]


def cut_seconds(client: httpx.Client, task_id: str) -> float:
    """The length of the file of a finished cut."""
    return playback.seconds(query_task(client, task_id)["creations"][0]["url"])


def test_the_first_storyboard_of_some_films_has_two_takes(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for prompt in ("Coffee 0", "Coffee 1", "Coffee 2", "Coffee 3", "Coffee 4"):
        with case(prompt):
            found = records(client, finished_film(sandbox, client, prompt))
            expected = 2 if zlib.crc32(prompt.encode()) % 3 == 0 else 1
            assert take_counts(found) == [expected, 1, 1]
    two = records(client, finished_film(sandbox, client, "Coffee [two takes]"))
    first, second = two["storyboards"][0]["records"]
    assert download(first["creation_url"]).content != download(second["creation_url"]).content


def test_a_shot_may_fail_and_be_made_again(sandbox: Sandbox, client: httpx.Client) -> None:
    film = finished_film(sandbox, client, "Coffee [one take] [fail shot 1 AuditSubmitIllegal]")
    assert query_task(client, film)["state"] == "success"
    found = records(client, film)
    (failed,) = found["storyboards"][1]["records"]
    assert (failed["state"], failed["err_code"]) == ("failed", "AuditSubmitIllegal")
    assert failed["creation_url"] == ""
    (cut,) = found["completed_creation_records"]
    assert failed["id"] not in cut["params"]["video_task_ids"]
    assert playback.seconds(cut["creation_url"]) == 2.0
    assert_refused(post_compose(client, film), 400, "FieldInvalid")
    edit(sandbox, client, film, storyboard_video_index=1)
    assert cut_seconds(client, compose(sandbox, client, film)) == 3


def test_a_failed_shot_is_queried_like_any_failed_task(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = finished_film(sandbox, client, "Coffee [one take] [fail shot 2]")
    (failed,) = records(client, film)["storyboards"][2]["records"]
    body = query_task(client, failed["id"])
    assert (body["state"], body["err_code"]) == ("failed", "CreationPolicyViolation")


def test_a_storyboard_may_come_without_records(sandbox: Sandbox, client: httpx.Client) -> None:
    found = records(client, finished_film(sandbox, client, "Coffee [one take] [drop shot 1]"))
    assert take_counts(found) == [1, 0, 1]


def test_records_may_be_in_another_order(sandbox: Sandbox, client: httpx.Client) -> None:
    found = records(client, finished_film(sandbox, client, "Coffee [two takes] [shuffle records]"))
    assert [each["stroyboard_id"] for each in found["storyboards"]] == [2, 1, 0]
    first = [int(each["id"]) for each in found["storyboards"][2]["records"]]
    assert first == sorted(first, reverse=True)


def test_records_may_be_unknown(sandbox: Sandbox, client: httpx.Client) -> None:
    found = records(client, finished_film(sandbox, client, "Coffee [unknown records]"))
    assert found["subtitle_records"][0]["type"] == "generate_subtitle"
    assert found["narration_records"][0]["score"] == 0.5


def test_types_and_spelling_may_be_right(sandbox: Sandbox, client: httpx.Client) -> None:
    found = records(client, finished_film(sandbox, client, "x [right types] [right spelling]"))
    assert [each["storyboard_id"] for each in found["storyboards"]] == [0, 1, 2]
    assert found["storyboards"][0]["records"][0]["type"] == "generate_video"
    assert found["narration_records"][0]["type"] == "generate_narration"
    assert found["bgm_records"][0]["type"] == "generate_bgm"


def test_a_cut_may_name_more_takes_than_there_are_storyboards(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = finished_film(sandbox, client, "Coffee [two takes] [all takes]")
    found = records(client, film)
    takes = [record["id"] for each in found["storyboards"] for record in each["records"]]
    (cut,) = found["completed_creation_records"]
    assert cut["params"]["video_task_ids"] == takes
    assert len(takes) == 4


def test_the_first_detail_edit_or_compose_fails_as_the_film_says(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = finished_film(
        sandbox, client, "x [detail 500 before] [edit fail BadRequest] [compose 429]"
    )
    statuses = [client.get(f"{PATH}/{film}").status_code for _ in range(2)]
    assert statuses == [500, 200]
    first, second = edit(sandbox, client, film), edit(sandbox, client, film)
    assert query_task(client, first)["err_code"] == "BadRequest"
    assert query_task(client, second)["state"] == "success"
    fields = newest_records(client, film)
    fields["video_task_ids"][0] = second
    assert_refused(post_compose(client, film, **fields), 429, "TooManyRequests")
    assert post_compose(client, film, **fields).status_code == 200


def test_a_compose_has_its_directives_in_its_payload(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    cut = compose(sandbox, client, film, payload="[fail CreationPolicyViolation]")
    assert query_task(client, cut)["err_code"] == "CreationPolicyViolation"
    record = records(client, film)["completed_creation_records"][1]
    assert (record["id"], record["state"], record["creation_url"]) == (cut, "failed", "")


def test_an_edit_and_a_compose_may_be_done_at_once(client: httpx.Client, film: str) -> None:
    body = post_edit(client, film, prompt="x [done at once]").json()
    assert (body["state"], body["credits"]) == ("success", 80)
    assert query_task(client, body["sub_task_id"])["creations"]
    body = post_compose(client, film, payload="[done at once]").json()
    assert body["state"] == "success"
    assert cut_seconds(client, body["compose_sub_task_id"]) == 3.0


def test_an_edit_may_lack_its_id(client: httpx.Client, film: str) -> None:
    assert "sub_task_id" not in post_edit(client, film, prompt="x [no task id]").json()
    body = post_edit(client, film, prompt="x [task id number]").json()
    assert isinstance(body["sub_task_id"], int)


def test_directives_about_links_apply_to_all_files_of_a_film(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    found = records(client, finished_film(sandbox, client, "x [link 60] [media 503]"))
    link = found["storyboards"][0]["records"][0]["creation_url"]
    assert [download(link).status_code for _ in range(2)] == [503, 200]
    sandbox.advance(61)
    assert download(link).status_code == 403


def test_a_fault_of_a_key_applies_to_films_too(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    sandbox.set_fault(KEY, "[429]", on="create", times=3)
    statuses = [
        post_film(client).status_code,
        post_edit(client, film).status_code,
        post_compose(client, film).status_code,
        post_film(client).status_code,
    ]
    assert statuses == [429, 429, 429, 200]


def test_a_film_waits_for_a_slot_like_any_task(sandbox: Sandbox, client: httpx.Client) -> None:
    films = [post_film(client, "Film").json()["task_id"] for _ in range(6)]
    sandbox.advance(2)
    states = [query_task(client, film)["state"] for film in films]
    assert states[4:] == ["processing", "queueing"]
    sandbox.advance(LONG)
    assert query_task(client, films[5])["state"] == "success"


def test_the_page_explains_the_directives_of_films(client: httpx.Client) -> None:
    page = client.get("/").text
    for entry in FILM_DIRECTIVES:
        with case(entry.syntax):
            assert entry.syntax in page
            assert entry.chinese
