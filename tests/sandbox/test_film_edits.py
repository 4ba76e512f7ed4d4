"""Edits of a film and cuts of its takes (docs/wire.md, 2.13)."""

from array import array
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox import playback
from tests.sandbox.dialects import download
from tests.sandbox.films import (
    compose,
    create_film,
    edit,
    finished_film,
    newest_records,
    post_compose,
    post_edit,
    records,
)
from tests.sandbox.orders import LONG, create, query_task
from tests.sandbox.stills import BLUE, GREEN, RED
from tests.sandbox.test_vidu_errors import assert_refused, balance

# The pitches, in Hz, of the letters d and g when they are spoken; no music has them.
D, G = 270, 360
# All pitches that are looked for are multiples of this, so they repeat after so many samples.
PITCH_STEP = 5
PERIOD = playback.RATE // PITCH_STEP

FORBIDDEN_EDITS: list[tuple[dict[str, Any], str]] = [
    ({"type": None}, "FieldLacking"),
    ({"prompt": None}, "FieldLacking"),
    ({"prompt": ""}, "FieldLacking"),
    ({"ad_one_click_task_id": None}, "FieldLacking"),
    ({"storyboard_video_index": None}, "FieldLacking"),
    ({"storyboard_video_index": 3}, "FieldInvalid"),
    ({"storyboard_video_index": -1}, "FieldInvalid"),
    ({"storyboard_video_index": "0"}, "FieldInvalid"),
    ({"storyboard_video_index": False}, "FieldInvalid"),
    ({"type": "generate_subtitle"}, "FieldInvalid"),
    ({"ad_one_click_task_id": "abc"}, "FieldInvalid"),
    ({"ad_one_click_task_id": 7}, "FieldInvalid"),
    ({"payload": "x" * 1_048_577}, "FieldInvalid"),
    ({"callback_url": "here"}, "FieldInvalid"),
    ({"soryboard_video_index": 0}, "FieldUnwanted"),
    ({"duration": 5}, "FieldUnwanted"),
]


def takes(client: httpx.Client, film: str, storyboard: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = records(client, film)["storyboards"][storyboard]["records"]
    return found


def result_url(client: httpx.Client, task_id: str) -> str:
    """The link to the file of a task, which must have succeeded."""
    body = query_task(client, task_id)
    assert body["state"] == "success", body
    return str(body["creations"][0]["url"])


def loudest_pitch(heard: "array[int]") -> int:
    """The loudest pitch of a music, in Hz."""
    # Whole periods of all pitches lie over each other, so their sum has the same pitches.
    folded = array("l", (sum(heard[start::PERIOD]) for start in range(PERIOD)))
    pitches = range(95, 400, PITCH_STEP)
    return max(pitches, key=lambda pitch: playback.strength(folded, pitch))


def test_an_edit_is_answered_with_the_members_of_the_page(client: httpx.Client, film: str) -> None:
    body = post_edit(client, film).json()
    assert list(body) == ["ad_one_click_task_id", "sub_task_id", "state", "err_code", "credits"]
    assert (body["ad_one_click_task_id"], body["state"], body["err_code"]) == (film, "created", "")
    assert body["sub_task_id"] != film


def test_an_edit_that_the_page_forbids_is_refused(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    for fields, reason in FORBIDDEN_EDITS:
        with case(fields):
            assert_refused(post_edit(client, film, **fields), 400, reason)
            assert sandbox.counts.creates == 1


def test_only_a_finished_film_is_edited_or_composed(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    newest = newest_records(client, film)
    unfinished = create_film(client, "Tea [stuck]")
    failed = create_film(client, "Milk [fail BadRequest]")
    sandbox.advance(LONG)
    for other in (unfinished, failed):
        assert_refused(post_edit(client, other), 400, "BadRequest")
        again = post_compose(client, film, **newest | {"ad_one_click_task_id": other})
        assert_refused(again, 400, "BadRequest")
    for unknown in ("1", create(client)):
        assert_refused(post_edit(client, unknown), 404, "TaskNotFound")


def test_an_edit_of_footage_adds_a_take_of_the_same_length(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    task_id = str(post_edit(client, film, storyboard_video_index=1).json()["sub_task_id"])
    assert [take["state"] for take in takes(client, film, 1)] == ["success", "created"]
    assert takes(client, film, 1)[1]["creation_url"] == ""
    sandbox.advance(LONG)
    old, new = takes(client, film, 1)
    assert (new["id"], new["prompt"], new["state"]) == (task_id, "From above", "success")
    assert playback.seconds(new["creation_url"]) == playback.seconds(old["creation_url"])
    assert download(new["creation_url"]).content != download(old["creation_url"]).content
    assert query_task(client, task_id)["creations"][0]["video"]["duration"] == 5
    assert [len(takes(client, film, index)) for index in (0, 2)] == [1, 1]


def test_an_edit_of_sound_keeps_its_length(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    for kind, name in [
        ("generate_narration", "narration_records"),
        ("generate_bgm", "bgm_records"),
    ]:
        with case(kind):
            fields = {"type": kind, "storyboard_video_index": None, "prompt": "ggg"}
            task_id = edit(sandbox, client, film, **fields)
            old, new = records(client, film)[name]
            assert (new["id"], new["prompt"]) == (task_id, "ggg")
            lengths = [playback.seconds(each["creation_url"]) for each in (old, new)]
            assert lengths == pytest.approx([15, 15], abs=0.1)
            heard = [playback.samples(each["creation_url"]) for each in (old, new)]
            assert heard[0] != heard[1]


def test_an_edit_costs_its_credits(client: httpx.Client, film: str) -> None:
    for kind, credits in [
        ("generate_video", 80),
        ("generate_narration", 20),
        ("generate_bgm", 20),
    ]:
        with case(kind):
            before = balance(client)["credit_remain"]
            assert post_edit(client, film, type=kind).json()["credits"] == credits
            assert before - balance(client)["credit_remain"] == credits


def test_a_failed_edit_is_a_failed_record_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    before = balance(client)["credit_remain"]
    task_id = edit(sandbox, client, film, prompt="x [fail CreationPolicyViolation]")
    record = takes(client, film, 0)[1]
    assert record == record | {"state": "failed", "err_code": "CreationPolicyViolation"}
    assert (record["creation_url"], query_task(client, task_id)["credits"]) == ("", 0)
    assert balance(client)["credit_remain"] == before


def test_a_compose_is_answered_with_the_members_of_the_page(
    client: httpx.Client, film: str
) -> None:
    body = post_compose(client, film).json()
    assert list(body) == ["ad_one_click_task_id", "compose_sub_task_id", "state", "credits"]
    assert (body["ad_one_click_task_id"], body["state"], body["credits"]) == (film, "created", 400)


def test_a_compose_names_one_finished_take_for_each_storyboard(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    newest = newest_records(client, film)
    ids, narration, music = (
        newest["video_task_ids"],
        newest["narration_task_id"],
        newest["bgm_task_id"],
    )
    failed = edit(sandbox, client, film, prompt="x [fail BadRequest]")
    other_film = finished_film(sandbox, client, "Tea [one take]")
    other = newest_records(client, other_film)["video_task_ids"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"video_task_ids": ids[:2]}, "FieldItemCountOutOfRange"),
        ({"video_task_ids": [*ids, ids[0]]}, "FieldItemCountOutOfRange"),
        ({"video_task_ids": []}, "FieldItemCountOutOfRange"),
        ({"video_task_ids": None}, "FieldLacking"),
        ({"video_task_ids": ids[0]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], other[2]]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], failed]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], narration]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], 7]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], film]}, "FieldInvalid"),
        ({"bgm_task_id": narration}, "FieldInvalid"),
        ({"bgm_task_id": None}, "FieldLacking"),
        ({"narration_task_id": music}, "FieldInvalid"),
        ({"narration_task_id": None}, "FieldLacking"),
        ({"prompt": "x"}, "FieldUnwanted"),
    ]
    for fields, reason in cases:
        with case(fields):
            assert_refused(post_compose(client, film, **newest | fields), 400, reason)


def test_a_cut_shows_the_chosen_takes_in_the_order_given(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    ids = newest_records(client, film)["video_task_ids"]
    new = edit(sandbox, client, film, storyboard_video_index=2, prompt="New")
    cut = compose(sandbox, client, film, video_task_ids=[new, ids[1], ids[0]])
    shown = playback.frames(result_url(client, cut))
    assert [len(shown), len(shown) % 3] == [24, 0]
    for index, colour in enumerate((BLUE, GREEN, RED)):
        assert playback.are_near(playback.colour(shown[8 * index]), colour)
    take = playback.frames(takes(client, film, 2)[1]["creation_url"])
    assert shown[3].tobytes() == take[3].tobytes()


def test_a_cut_is_listed_with_what_it_was_made_of(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    ids = newest_records(client, film)["video_task_ids"]
    cut = compose(sandbox, client, film, video_task_ids=ids[::-1], payload="job-19")
    first, second = records(client, film)["completed_creation_records"]
    assert first["params"]["video_task_ids"] == ids
    assert (second["id"], second["params"]["video_task_ids"]) == (cut, ids[::-1])
    assert playback.seconds(second["creation_url"]) == 3.0
    assert query_task(client, cut)["payload"] == "job-19"


def test_the_chosen_narration_is_heard_in_a_cut(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    narrations = [
        edit(sandbox, client, film, type="generate_narration", prompt=letter * 60)
        for letter in ("d", "g")
    ]
    for narration, present, absent in [(narrations[0], D, G), (narrations[1], G, D)]:
        cut = compose(sandbox, client, film, narration_task_id=narration)
        heard = playback.samples(result_url(client, cut))
        assert playback.strength(heard, present) > 5 * playback.strength(heard, absent)


def test_the_chosen_music_is_heard_in_a_cut(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    silence = edit(sandbox, client, film, type="generate_narration", prompt="  ")
    musics = [
        edit(sandbox, client, film, type="generate_bgm", prompt=prompt)
        for prompt in ("Warm piano", "Bright guitar")
    ]
    loudest = []
    for music in musics:
        cut = compose(sandbox, client, film, narration_task_id=silence, bgm_task_id=music)
        heard = playback.samples(result_url(client, cut))
        alone = playback.samples(result_url(client, music))[: len(heard)]
        loudest.append(loudest_pitch(heard))
        assert loudest[-1] == loudest_pitch(alone)
    assert loudest[0] != loudest[1]
