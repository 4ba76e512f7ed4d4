"""Edits of a film's parts, and compositions of them."""

from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.sandbox import watching
from tests.sandbox.films import (
    choice,
    compose,
    create_film,
    edit,
    finished_film,
    post_compose,
    post_edit,
    records,
)
from tests.sandbox.orders import LONG, create, look
from tests.sandbox.stills import still
from tests.sandbox.test_vidu_errors import assert_refused, balance

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 30), (30, 30, 200)
# The pitches, in Hz, of the letters d and g when they are spoken; no music has them.
D, G = 270, 360


@pytest.fixture
def film(sandbox: Sandbox, client: httpx.Client) -> str:
    """A finished film of three storyboards, one red, one green, one blue."""
    images = [still(colour=colour) for colour in (RED, GREEN, BLUE)]
    return finished_film(sandbox, client, "Coffee [one take]", images=images)


def takes(client: httpx.Client, film: str, storyboard: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = records(client, film)["storyboards"][storyboard]["records"]
    return found


def result(client: httpx.Client, number: str) -> str:
    body = look(client, number)
    assert body["state"] == "success", body
    return str(body["creations"][0]["url"])


def test_an_edit_is_answered_with_the_fields_of_the_page(client: httpx.Client, film: str) -> None:
    body = post_edit(client, film).json()
    assert list(body) == ["ad_one_click_task_id", "sub_task_id", "state", "err_code", "credits"]
    assert (body["ad_one_click_task_id"], body["state"], body["err_code"]) == (film, "created", "")
    assert body["sub_task_id"] != film


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
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
    ],
)
def test_an_edit_that_the_page_forbids_is_refused(
    sandbox: Sandbox, client: httpx.Client, film: str, fields: dict[str, Any], reason: str
) -> None:
    assert_refused(post_edit(client, film, **fields), 400, reason)
    assert sandbox.counts.creates == 1


def test_only_a_finished_film_is_edited_or_composed(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    whole = choice(client, film)
    under_way = create_film(client, "Tea [stuck]")
    failed = create_film(client, "Milk [fail BadRequest]")
    sandbox.advance(LONG)
    for other in (under_way, failed):
        assert_refused(post_edit(client, other), 400, "BadRequest")
        again = post_compose(client, film, **whole | {"ad_one_click_task_id": other})
        assert_refused(again, 400, "BadRequest")
    for unknown in ("1", create(client)):
        assert_refused(post_edit(client, unknown), 404, "TaskNotFound")


def test_an_edit_of_footage_adds_a_take_of_the_same_length(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    number = str(post_edit(client, film, storyboard_video_index=1).json()["sub_task_id"])
    assert [take["state"] for take in takes(client, film, 1)] == ["success", "created"]
    assert takes(client, film, 1)[1]["creation_url"] == ""
    sandbox.advance(LONG)
    old, new = takes(client, film, 1)
    assert (new["id"], new["prompt"], new["state"]) == (number, "From above", "success")
    assert watching.seconds(new["creation_url"]) == watching.seconds(old["creation_url"])
    assert httpx.get(new["creation_url"]).content != httpx.get(old["creation_url"]).content
    assert look(client, number)["creations"][0]["video"]["duration"] == 5
    assert [len(takes(client, film, nth)) for nth in (0, 2)] == [1, 1]


@pytest.mark.parametrize(
    ("kind", "where"),
    [("generate_narration", "narration_records"), ("generate_bgm", "bgm_records")],
)
def test_an_edit_of_sound_keeps_its_length(
    sandbox: Sandbox, client: httpx.Client, film: str, kind: str, where: str
) -> None:
    number = edit(sandbox, client, film, type=kind, storyboard_video_index=None, prompt="ggg")
    old, new = records(client, film)[where]
    assert (new["id"], new["prompt"]) == (number, "ggg")
    lengths = [watching.seconds(each["creation_url"]) for each in (old, new)]
    assert lengths == pytest.approx([15, 15], abs=0.1)
    heard = [watching.samples(each["creation_url"]) for each in (old, new)]
    assert heard[0] != heard[1]


@pytest.mark.parametrize(
    ("kind", "credits"),
    [("generate_video", 80), ("generate_narration", 20), ("generate_bgm", 20)],
)
def test_an_edit_costs_its_credits(
    client: httpx.Client, film: str, kind: str, credits: int
) -> None:
    before = balance(client)["credit_remain"]
    assert post_edit(client, film, type=kind).json()["credits"] == credits
    assert before - balance(client)["credit_remain"] == credits


def test_a_failed_edit_is_a_failed_record_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    before = balance(client)["credit_remain"]
    number = edit(sandbox, client, film, prompt="x [fail CreationPolicyViolation]")
    record = takes(client, film, 0)[1]
    assert record == record | {"state": "failed", "err_code": "CreationPolicyViolation"}
    assert (record["creation_url"], look(client, number)["credits"]) == ("", 0)
    assert balance(client)["credit_remain"] == before


def test_a_composition_is_answered_with_the_fields_of_the_page(
    client: httpx.Client, film: str
) -> None:
    body = post_compose(client, film).json()
    assert list(body) == ["ad_one_click_task_id", "compose_sub_task_id", "state", "credits"]
    assert (body["ad_one_click_task_id"], body["state"], body["credits"]) == (film, "created", 400)


def test_a_composition_names_one_finished_take_for_each_storyboard(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    whole = choice(client, film)
    ids, voice, music = whole["video_task_ids"], whole["narration_task_id"], whole["bgm_task_id"]
    failed = edit(sandbox, client, film, prompt="x [fail BadRequest]")
    other = choice(client, finished_film(sandbox, client, "Tea [one take]"))["video_task_ids"]
    for fields, reason in [
        ({"video_task_ids": ids[:2]}, "FieldItemCountOutOfRange"),
        ({"video_task_ids": [*ids, ids[0]]}, "FieldItemCountOutOfRange"),
        ({"video_task_ids": []}, "FieldItemCountOutOfRange"),
        ({"video_task_ids": None}, "FieldLacking"),
        ({"video_task_ids": ids[0]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], other[2]]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], failed]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], voice]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], 7]}, "FieldInvalid"),
        ({"video_task_ids": [*ids[:2], film]}, "FieldInvalid"),
        ({"bgm_task_id": voice}, "FieldInvalid"),
        ({"bgm_task_id": None}, "FieldLacking"),
        ({"narration_task_id": music}, "FieldInvalid"),
        ({"narration_task_id": None}, "FieldLacking"),
        ({"prompt": "x"}, "FieldUnwanted"),
    ]:
        assert_refused(post_compose(client, film, **whole | fields), 400, reason)


def test_a_composition_shows_the_chosen_takes_in_the_order_given(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    ids = choice(client, film)["video_task_ids"]
    new = edit(sandbox, client, film, storyboard_video_index=2, prompt="New")
    number = compose(sandbox, client, film, video_task_ids=[new, ids[1], ids[0]])
    shown = watching.pictures(result(client, number))
    assert [len(shown), len(shown) % 3] == [24, 0]
    for nth, colour in enumerate((BLUE, GREEN, RED)):
        assert watching.near(watching.colour(shown[8 * nth]), colour)
    take = watching.pictures(takes(client, film, 2)[1]["creation_url"])
    assert shown[3].tobytes() == take[3].tobytes()


def test_a_composition_is_listed_with_what_it_was_made_of(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    ids = choice(client, film)["video_task_ids"]
    number = compose(sandbox, client, film, video_task_ids=ids[::-1], payload="job-19")
    first, second = records(client, film)["completed_creation_records"]
    assert first["params"]["video_task_ids"] == ids
    assert (second["id"], second["params"]["video_task_ids"]) == (number, ids[::-1])
    assert watching.seconds(second["creation_url"]) == 3.0
    assert look(client, number)["payload"] == "job-19"


def test_the_chosen_narration_is_heard_in_a_composition(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    spoken = [
        edit(sandbox, client, film, type="generate_narration", prompt=letter * 60)
        for letter in ("d", "g")
    ]
    for narration, present, absent in [(spoken[0], D, G), (spoken[1], G, D)]:
        number = compose(sandbox, client, film, narration_task_id=narration)
        heard = watching.samples(result(client, number))
        assert watching.strength(heard, present) > 5 * watching.strength(heard, absent)


def test_the_chosen_music_is_heard_in_a_composition(
    sandbox: Sandbox, client: httpx.Client, film: str
) -> None:
    silence = edit(sandbox, client, film, type="generate_narration", prompt="  ")
    played = [
        edit(sandbox, client, film, type="generate_bgm", prompt=prompt)
        for prompt in ("Warm piano", "Bright guitar")
    ]
    loudest = []
    for music in played:
        number = compose(sandbox, client, film, narration_task_id=silence, bgm_task_id=music)
        heard = watching.samples(result(client, number))
        alone = watching.samples(result(client, music))[: len(heard)]
        loudest.append(loudest_pitch(heard))
        assert loudest[-1] == loudest_pitch(alone)
    assert loudest[0] != loudest[1]


def loudest_pitch(heard: Any) -> int:
    return max(range(95, 400, 5), key=lambda pitch: watching.strength(heard, pitch))
