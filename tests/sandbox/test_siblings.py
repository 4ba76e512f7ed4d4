"""Vidu's pictures, speech, lip-sync and upscaling: what they accept and refuse, answer and cost.

The rules are those of docs/wire.md, 2.16 to 2.19 and 2.21.
"""

from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.conftest import KEY
from tests.sandbox.dialects import body_of, download
from tests.sandbox.orders import LONG, finish, query_task
from tests.sandbox.playback import frames, samples, seconds
from tests.sandbox.receiver import Receiver
from tests.sandbox.stills import still
from tests.sandbox.test_vidu_errors import assert_refused, balance

WIDE = still(320, 180)
SPEAKER = "female-shaonv"


def credits_left(client: httpx.Client) -> int:
    return int(balance(client)["credit_remain"])


def post(client: httpx.Client, kind: str, **fields: Any) -> httpx.Response:
    return client.post(f"/ent/v2/{kind}", json=fields)


def accepted(client: httpx.Client, kind: str, **fields: Any) -> dict[str, Any]:
    return body_of(post(client, kind, **fields))


def picture(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    return accepted(client, "reference2image", **{"model": "viduq2", "prompt": "A lamp"} | fields)


def speech(client: httpx.Client, text: str = "Hello", **fields: Any) -> dict[str, Any]:
    order = {"text": text, "voice_setting_voice_id": SPEAKER} | fields
    return accepted(client, "audio-tts", **order)


def result(sandbox: Sandbox, client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """The query reply for an order, after it has ended."""
    sandbox.advance(LONG)
    return query_task(client, body["task_id"])


def clip(sandbox: Sandbox, client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """The creation of a finished clip of one second."""
    order = {"model": "viduq2", "duration": 1} | fields
    creation: dict[str, Any] = finish(sandbox, client, "A harbour", **order)["creations"][0]
    return creation


# ---- Pictures -------------------------------------------------------------------------------


def test_a_picture_is_answered_with_the_documented_members(client: httpx.Client) -> None:
    order = {"aspect_ratio": "9:16", "resolution": "2K", "seed": 7, "payload": "attempt-21"}
    body = picture(client, images=[WIDE], **order)
    assert set(body) == {
        *order,
        *("task_id", "type", "state", "model", "prompt", "images", "callback_url"),
        *("credits", "created_at"),
    }
    expected = {"type": "reference2image", "state": "created", "images": [""], "credits": 12}
    assert body == body | order | expected


def test_a_picture_is_a_png_of_its_ratio_or_a_jpeg(sandbox: Sandbox, client: httpx.Client) -> None:
    for prompt, ratio, kind, size in (
        ("A lamp", "16:9", "PNG", (228, 128)),
        ("A lamp", "2:3", "PNG", (128, 192)),
        ("A lamp [jpeg]", "1:1", "JPEG", (128, 128)),
    ):
        with case((prompt, ratio)):
            done = result(sandbox, client, picture(client, prompt=prompt, aspect_ratio=ratio))
            (creation,) = done["creations"]
            assert (creation["cover_url"], creation["watermarked_url"]) == ("", "")
            response = download(creation["url"])
            assert response.headers["content-type"] == f"image/{kind.lower()}"
            image = Image.open(BytesIO(response.content))
            assert (image.format, image.size) == (kind, size)


def test_a_picture_of_an_automatic_ratio_has_that_of_its_first_picture(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    body = picture(client, images=[still(150, 300)], aspect_ratio="auto")
    assert body["aspect_ratio"] == "auto"
    url = result(sandbox, client, body)["creations"][0]["url"]
    width, height = Image.open(BytesIO(download(url).content)).size
    assert height == 2 * width


def test_a_picture_may_be_the_first_frame_of_a_clip(sandbox: Sandbox, client: httpx.Client) -> None:
    url = result(sandbox, client, picture(client))["creations"][0]["url"]
    body = accepted(client, "img2video", model="viduq2-pro", images=[url], duration=1)
    assert result(sandbox, client, body)["state"] == "success"


def test_a_picture_costs_by_model_resolution_and_count_of_pictures(client: httpx.Client) -> None:
    for model, resolution, count, price in (
        ("viduq2", "1080p", 0, 6),
        ("viduq2", "2K", 0, 8),
        ("viduq2", "4K", 0, 10),
        ("viduq2", "1080p", 3, 8),
        ("viduq2", "4K", 4, 30),
        ("viduq2", "2K", 7, 16),
        ("viduq1", "1080p", 1, 20),
        ("viduq1", "1080p", 7, 20),
    ):
        with case((model, resolution, count)):
            before = credits_left(client)
            images = {"images": [WIDE] * count} if count else {}
            body = picture(client, model=model, resolution=resolution, **images)
            assert (body["credits"], before - credits_left(client)) == (price, price)


FORBIDDEN_PICTURES: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "FieldLacking"),
    ({"prompt": "x" * 2001}, "FieldInvalid"),
    ({"model": "viduq3-pro"}, "FieldInvalid"),
    ({"model": "viduq1"}, "FieldLacking"),
    ({"model": "viduq1", "images": []}, "FieldItemCountOutOfRange"),
    ({"images": [WIDE] * 8}, "FieldItemCountOutOfRange"),
    ({"images": [still(100, 100)]}, "PageSizeOutOfRange"),
    ({"resolution": "2k"}, "FieldInvalid"),
    ({"resolution": "720p"}, "FieldInvalid"),
    ({"model": "viduq1", "images": [WIDE], "resolution": "4K"}, "FieldInvalid"),
    ({"model": "viduq1", "images": [WIDE], "aspect_ratio": "21:9"}, "FieldInvalid"),
    ({"aspect_ratio": "auto"}, "FieldInvalid"),
    ({"duration": 5}, "FieldUnwanted"),
    ({"watermark": True}, "FieldUnwanted"),
]


def test_a_picture_that_breaks_a_rule_is_refused(client: httpx.Client) -> None:
    for fields, reason in FORBIDDEN_PICTURES:
        with case(fields):
            order = {"model": "viduq2", "prompt": "A lamp"} | fields
            assert_refused(post(client, "reference2image", **order), 400, reason)


# ---- Speech ---------------------------------------------------------------------------------


def test_a_speech_is_answered_with_its_sound(client: httpx.Client) -> None:
    body = speech(client, "你好<#2#>很高兴见到你", payload="attempt-22")
    assert set(body) == {"task_id", "state", "file_url", "credits", "payload", "created_at"}
    assert (body["state"], body["credits"], body["payload"]) == ("success", 10, "attempt-22")
    response = download(body["file_url"])
    assert response.headers["content-type"] == "audio/mpeg"
    # Nine characters of 0.24 s and a pause of two.
    assert round(seconds(body["file_url"])) == 5
    assert max(samples(body["file_url"])) > 1000


def test_a_speech_can_be_asked_for_later_too(client: httpx.Client) -> None:
    body = speech(client)
    done = query_task(client, body["task_id"])
    assert (done["state"], done["credits"]) == ("success", 10)
    (creation,) = done["creations"]
    assert download(creation["url"]).content == download(body["file_url"]).content


def test_a_speech_may_come_later_or_not_at_all(sandbox: Sandbox, client: httpx.Client) -> None:
    waiting = speech(client, "Hello [queueing]")
    assert (waiting["state"], "file_url" in waiting) == ("queueing", False)
    done = result(sandbox, client, waiting)
    assert done["state"] == "success"
    assert download(done["creations"][0]["url"]).headers["content-type"] == "audio/mpeg"
    without = speech(client, "Hello [no file]")
    assert (without["state"], "file_url" in without) == ("success", False)
    alone = speech(client, "Hello [only in reply]")
    assert download(alone["file_url"]).status_code == 200
    queried = client.get(f"/ent/v2/tasks/{alone['task_id']}/creations")
    assert_refused(queried, 404, "TaskNotFound")
    before = credits_left(client)
    failed = speech(client, "Hello [fail AuditSubmitIllegal]")
    expected = {"state": "failed", "err_code": "AuditSubmitIllegal", "credits": 0}
    assert failed == failed | expected
    assert credits_left(client) == before


def test_a_speech_costs_ten_credits_for_each_500_characters_begun(client: httpx.Client) -> None:
    for count, price in ((1, 10), (500, 10), (501, 20), (9_999, 200)):
        with case(count):
            before = credits_left(client)
            body = speech(client, "x" * count)
            assert (body["credits"], before - credits_left(client)) == (price, price)


FORBIDDEN_SPEECH: list[tuple[dict[str, Any], str]] = [
    ({"text": ""}, "FieldLacking"),
    ({"text": "x" * 10_000}, "FieldInvalid"),
    ({"text": "<#1#>Hello"}, "FieldInvalid"),
    ({"text": "Hello<#1#>"}, "FieldInvalid"),
    ({"text": "a<#1#><#1#>b"}, "FieldInvalid"),
    ({"text": "a<#1.234#>b"}, "FieldInvalid"),
    ({"text": "a<#0#>b"}, "FieldInvalid"),
    ({"text": "a<#100#>b"}, "FieldInvalid"),
    ({"voice_setting_voice_id": ""}, "FieldLacking"),
    ({"voice_setting_speed": 0.4}, "FieldInvalid"),
    ({"voice_setting_speed": "1"}, "FieldInvalid"),
    ({"voice_setting_volume": 11}, "FieldInvalid"),
    ({"voice_setting_volume": 1.0}, "FieldInvalid"),
    ({"voice_setting_pitch": -13}, "FieldInvalid"),
    ({"voice_setting_emotion": "bored"}, "FieldInvalid"),
    ({"pronunciation_dict_tone": ["omg"]}, "FieldInvalid"),
    ({"callback_url": "http://127.0.0.1/x"}, "FieldUnwanted"),
    ({"model": "viduq2"}, "FieldUnwanted"),
]


def test_a_speech_that_breaks_a_rule_is_refused(client: httpx.Client) -> None:
    for fields, reason in FORBIDDEN_SPEECH:
        with case(fields):
            order = {"text": "Hello", "voice_setting_voice_id": SPEAKER} | fields
            assert_refused(post(client, "audio-tts", **order), 400, reason)


# ---- Lip-sync -------------------------------------------------------------------------------


def test_a_lip_sync_is_the_film_under_the_sound(sandbox: Sandbox, client: httpx.Client) -> None:
    film = clip(sandbox, client)["url"]
    sound = speech(client, "你好<#4#>很高兴见到你")["file_url"]
    before = credits_left(client)
    body = accepted(client, "lip-sync", video_url=film, audio_url=sound, payload="attempt-23")
    assert set(body) == {"task_id", "state", "payload", "created_at"}
    assert (body["state"], body["payload"]) == ("created", "attempt-23")
    done = result(sandbox, client, body)
    (creation,) = done["creations"]
    assert (done["credits"], before - credits_left(client)) == (40, 40)
    assert abs(seconds(creation["url"]) - seconds(sound)) < 0.3
    assert frames(creation["url"])[0].size == frames(film)[0].size
    assert max(samples(creation["url"])) > 1000
    assert download(creation["cover_url"]).headers["content-type"] == "image/jpeg"


def test_a_lip_sync_speaks_a_text(sandbox: Sandbox, client: httpx.Client) -> None:
    film = clip(sandbox, client)["url"]
    order = {"text": "欢迎来到海边", "voice_id": "wumei_yujie", "speed": 1.0, "volume": 0}
    done = result(sandbox, client, accepted(client, "lip-sync", video_url=film, **order))
    assert (done["credits"], round(seconds(done["creations"][0]["url"]))) == (20, 2)


def test_a_lip_sync_that_breaks_a_rule_is_refused(sandbox: Sandbox, client: httpx.Client) -> None:
    film, sound = clip(sandbox, client)["url"], speech(client, "x" * 20)["file_url"]
    silent = f"{sandbox.url}/media/1/video.mp4"
    other = finish(sandbox, client, "A [container webm]", model="viduq2", duration=1)
    webm = other["creations"][0]["url"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "FieldLacking"),
        ({"audio_url": sound, "video_url": ""}, "FieldLacking"),
        ({"audio_url": sound, "video_url": WIDE}, "FieldInvalid"),
        ({"audio_url": sound, "video_url": silent}, "VideoDownloadFailure"),
        ({"audio_url": sound, "video_url": "https://cdn.example/f.mp4"}, "VideoDownloadFailure"),
        ({"audio_url": sound, "video_url": sound}, "VideoFormatInvalid"),
        ({"audio_url": sound, "video_url": webm}, "VideoFormatInvalid"),
        ({"audio_url": film}, "FieldInvalid"),
        ({"audio_url": silent}, "FieldInvalid"),
        ({"text": "abc"}, "FieldInvalid"),
        ({"text": "x" * 2001}, "FieldInvalid"),
        ({"text": "你" * 1001}, "FieldInvalid"),
        ({"text": "Hello", "speed": 2.1}, "FieldInvalid"),
        ({"audio_url": sound, "ref_photo_url": film}, "ImageFormatInvalid"),
        ({"audio_url": sound, "language": "zh"}, "FieldUnwanted"),
    ]
    before = credits_left(client)
    for fields, reason in cases:
        with case(fields):
            response = post(client, "lip-sync", **{"video_url": film} | fields)
            assert_refused(response, 400, reason)
    assert credits_left(client) == before


def test_a_lip_sync_fails_by_the_fault_of_a_key_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film, before = clip(sandbox, client)["url"], credits_left(client)
    for words, text in (("[fail NoFaceDetected]", "Hello"), ("", "Hello [fail MultiFaceDetected]")):
        sandbox.set_fault(KEY, words, on="create", times=1)
        body = accepted(client, "lip-sync", video_url=film, text=text)
        done = result(sandbox, client, body)
        assert (done["state"], done["credits"], done["creations"]) == ("failed", 0, [])
        assert done["err_code"] in words + text
    assert credits_left(client) == before


# ---- Upscale --------------------------------------------------------------------------------


def test_an_upscale_by_creation_is_the_same_film_in_another_size(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    source = clip(sandbox, client, duration=5)
    before = credits_left(client)
    order = {"video_creation_id": source["id"], "upscale_resolution": "4K", "payload": "a-25"}
    body = accepted(client, "upscale-new", **order)
    expected = {"state": "created", "video_url": "", "credits": 200}
    assert body == body | order | expected
    assert set(body) == {*order, *expected, "task_id", "created_at"}
    done = result(sandbox, client, body)
    (creation,) = done["creations"]
    assert (done["credits"], before - credits_left(client)) == (200, 200)
    small, large = frames(source["url"]), frames(creation["url"])
    # 2160 lines of 720, as everything is smaller here.
    assert large[0].size == (3 * small[0].width, 3 * small[0].height)
    assert len(large) == len(small)
    assert creation["id"] != source["id"]


def test_an_upscale_by_address_costs_by_the_seconds_of_its_film(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    source = clip(sandbox, client)
    body = accepted(client, "upscale-new", video_url=source["url"])
    assert (body["upscale_resolution"], body["credits"]) == ("1080p", 10)
    done = result(sandbox, client, body)
    assert min(frames(done["creations"][0]["url"])[0].size) > min(frames(source["url"])[0].size)


def test_a_resolution_that_is_not_higher_fails(sandbox: Sandbox, client: httpx.Client) -> None:
    source = clip(sandbox, client, resolution="1080p")
    before = credits_left(client)
    done = result(sandbox, client, accepted(client, "upscale-new", video_creation_id=source["id"]))
    assert (done["state"], done["err_code"], done["credits"]) == ("failed", "FieldInvalid", 0)
    assert credits_left(client) == before


def test_an_upscale_that_breaks_a_rule_is_refused(sandbox: Sandbox, client: httpx.Client) -> None:
    source = clip(sandbox, client)
    still_picture = result(sandbox, client, picture(client))["creations"][0]
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({}, 400, "FieldLacking"),
        ({"video_creation_id": "17"}, 404, "CreationNotFound"),
        ({"video_creation_id": still_picture["id"]}, 404, "CreationNotFound"),
        ({"video_url": f"{sandbox.url}/media/1/video.mp4"}, 400, "VideoDownloadFailure"),
        ({"video_url": still_picture["url"]}, 400, "VideoFormatInvalid"),
        ({"video_url": source["url"], "upscale_resolution": "4k"}, 400, "FieldInvalid"),
        ({"video_url": source["url"], "model": "viduq2"}, 400, "FieldUnwanted"),
    ]
    for fields, status, reason in cases:
        with case(fields):
            assert_refused(post(client, "upscale-new", **fields), status, reason)


def test_a_creation_of_another_account_is_not_found(sandbox: Sandbox, client: httpx.Client) -> None:
    source = clip(sandbox, client)
    headers = {"Authorization": "Token sandbox-other"}
    body = {"video_creation_id": source["id"]}
    response = client.post("/ent/v2/upscale-new", json=body, headers=headers)
    assert_refused(response, 404, "CreationNotFound")


# ---- What they share ------------------------------------------------------------------------


def test_siblings_are_listed_called_back_and_told_by_the_truth(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    body = picture(client, payload="attempt-21", callback_url=receiver.url)
    spoken = speech(client, payload="attempt-22")
    assert result(sandbox, client, body)["payload"] == "attempt-21"
    states = [callback.body["state"] for callback in sandbox.callbacks]
    assert states == ["processing", "success"]
    rows = {row["id"]: row for row in client.get("/ent/v2/tasks").json()["tasks"]}
    assert rows[body["task_id"]]["prompt"] == "A lamp"
    told = {task["payload"]: task for task in client.get("/control/truth").json()["tasks"]}
    assert [told[f"attempt-{number}"]["posts"] for number in (21, 22)] == [1, 1]
    assert [told[f"attempt-{number}"]["cost"] for number in (21, 22)] == [6, 10]
    (sound,) = told["attempt-22"]["files"]
    assert (sound["name"], sound["bytes"]) == (
        "sound.mp3",
        len(download(spoken["file_url"]).content),
    )
