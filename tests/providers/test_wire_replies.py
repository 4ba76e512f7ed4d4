"""The readers of single values, bytes and addresses (docs/wire.md, 1.2 to 1.7)."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from generations.providers.contract import (
    REMOTE_ID_LENGTH,
    CallbackRequest,
    Reason,
    RemoteState,
    Result,
)
from generations.providers.wire.callbacks import Hints, read_body, read_hints
from generations.providers.wire.complaints import find_word, read_complaint
from generations.providers.wire.links import read_address, read_expiry
from generations.providers.wire.objects import BODY_LIMIT, read_members, read_object
from generations.providers.wire.replies import read_reply, read_retry_after, redact
from generations.providers.wire.results import find_results
from generations.providers.wire.states import read_state_word, state_of
from generations.providers.wire.values import (
    read_amount,
    read_cost,
    read_identifier,
    read_integer,
    read_progress,
    read_text,
    read_time,
    read_word,
)

REASONS = {
    "CreationPolicyViolation": Reason.RESULT_WITHHELD,
    "NSFW_DETECTED": Reason.RESULT_WITHHELD,
    "Forbidden": Reason.KEY_NOT_ALLOWED,
}


@pytest.mark.parametrize(
    "value",
    [
        *("911026047460327424", 911026047460327424, "vidu2.0:1762241017-Tmbjx", "任务 1", 1),
        *("cgt-2026/01/a=b+c", "x" * REMOTE_ID_LENGTH, "../.."),
    ],
)
def test_an_id_is_kept_as_exact_text(value: object) -> None:
    assert read_identifier(value) == str(value)


@pytest.mark.parametrize(
    ("value", "read"), [("\ufeff 7a \n", "7a"), (35.0, "35"), (Decimal("3.5E+1"), "35")]
)
def test_an_id_is_trimmed_and_read_from_a_whole_number(value: object, read: str) -> None:
    assert read_identifier(value) == read


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "  ", 0, "0", -1, True, 9.1e17, float("nan"), 1.5, "1\n2", "a\ufffd", [1], {}),
        *("x" * (REMOTE_ID_LENGTH + 1), ".", "..", "null", "None", "undefined"),
        Decimal("911026047460327424.0"),
    ],
)
def test_what_cannot_be_an_id_is_none(value: object) -> None:
    assert read_identifier(value) == ""


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        *((74.87, "74.87"), ("74.87", "74.87"), (5e-05, "0.00005"), ("1.250,50", "1250.50")),
        *(("1'250", "1250"), ("35.", "35"), (".5", "0.5"), ({"total": {"value": "7"}}, "7")),
    ],
)
def test_an_amount_is_what_was_written(value: object, amount: str) -> None:
    assert read_amount(value) == Decimal(amount)


@pytest.mark.parametrize(
    ("value", "cost"),
    [
        *((35.2, (36, "")), (None, (None, "")), (" ", (None, "")), ("-1", (None, "-1"))),
        *((True, (None, "true")), ({"a": 1, "b": 2}, (None, '{"a":1,"b":2}'))),
        (float("nan"), (None, "null")),
    ],
)
def test_a_cost_is_rounded_up_and_known_to_be_unread(value: object, cost: object) -> None:
    assert read_cost(value) == cost


@pytest.mark.parametrize(
    ("value", "number"), [(0, 0), ("35", 35), (35.0, 35), ("007", 7), (1.5, None), (True, None)]
)
def test_an_integer_is_read_from_a_whole_number(value: object, number: int | None) -> None:
    assert read_integer(value) == number


@pytest.mark.parametrize(
    ("value", "progress"),
    [(0, 0), ("45%", 45), ("45", 45), (4.5, 4), ("%", None), (101, None), ({"a": 1}, None)],
)
def test_progress_is_read_from_a_number_or_a_percentage(
    value: object, progress: int | None
) -> None:
    assert read_progress(value) == progress


def test_a_time_without_a_zone_is_kept_as_it_came() -> None:
    assert read_time("2025-01-01 12:00:00") == "2025-01-01 12:00:00"
    assert read_time("2026-01-20T02:44:10.910316439Z") == "1768877050.910316"
    assert read_time("2025-13-45T99:00:00") == ""


@pytest.mark.parametrize(
    ("value", "word", "state"),
    [
        *(("TASK_STATUS_SUCCEED", "TASK_STATUS_SUCCEED", RemoteState.SUCCEEDED),),
        *(({"name": "In Progress"}, "In Progress", RemoteState.RUNNING), (3, "3", None)),
        *((["done"], "done", RemoteState.SUCCEEDED), ("incomplete", "incomplete", None)),
    ],
)
def test_a_state_is_read_from_inside_an_object(
    value: object, word: str, state: RemoteState | None
) -> None:
    assert read_state_word(value) == word
    assert state_of(word) is state


QUOTED = (
    *("'https://a.example/f.mp4'", '"https://a.example/f.mp4"', "`https://a.example/f.mp4`"),
    *("“https://a.example/f.mp4”", "<https://a.example/f.mp4>", "' `https://a.example/f.mp4` '"),
    *("[film](https://a.example/f.mp4)", "![](https://a.example/f.mp4)"),
    *("[film](<https://a.example/f.mp4>)", " '[a film](https://a.example/f.mp4)' "),
)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://cdn.example/a.mp4?sig=a%2Fb&x=+|^", "https://cdn.example/a.mp4?sig=a%2Fb&x=+|^"),
        (" HTTPS://cdn.example/港 口.mp4", "https://cdn.example/%E6%B8%AF%20%E5%8F%A3.mp4"),
        ("https:\\/\\/cdn.example\\/a?b=1\\u0026c=2", "https://cdn.example/a?b=1&c=2"),
        ("cdn.example:8443/a.mp4", "https://cdn.example:8443/a.mp4"),
        *((quoted, "https://a.example/f.mp4") for quoted in QUOTED),
        *((f"https://a.example/f?b={end}", f"https://a.example/f?b={end}") for end in "'`"),
        *(
            (f"https://a.example/f{end}", "https://a.example/f")
            for end in ('"', "<", ">", "”", "’")
        ),
        ("https://a.example/f_(1).mp4", "https://a.example/f_(1).mp4"),
        ("[film](https://a.example/f_(1).mp4)", "https://a.example/f_(1).mp4"),
        *((wrong, "") for wrong in (None, "", "ftp://a/b", "a", "and/or", 1, ["https://a"])),
        *((wrong, "") for wrong in ("https://", "https://[broken/a", "data:video/mp4;base64,AA")),
        ("https://a.example/f.mp4?x=1&amp;y=2", "https://a.example/f.mp4?x=1&y=2"),
        ("https%3A%2F%2Fa.example%2Ff.mp4%3Fy%3D%252F", "https://a.example/f.mp4?y=%2F"),
        ("https：//a.example/f.mp4）。", "https://a.example/f.mp4"),
    ],
)
def test_an_address_is_read_as_a_browser_would(value: object, address: str) -> None:
    assert read_address(value) == address


def test_a_link_at_the_top_of_a_task_under_way_is_no_film_unless_it_says_so() -> None:
    status_page = {"status": "running", "url": "https://api.example/tasks/7"}
    assert find_results(status_page) == ()
    film = {"status": "running", "url": "https://api.example/tasks/7.mp4"}
    assert find_results(film) == (Result("video", film["url"]),)
    assert find_results(status_page, is_finished=True) == (Result("video", status_page["url"]),)


def test_a_film_is_found_inside_a_sentence_and_a_picture_is_no_film() -> None:
    content = "Ready: [download](https://cdn.example/a.mp4?sig=1) it"
    found = find_results({"content": content, "output": ["https://cdn.example/a.jpg"]})
    assert Result("video", "https://cdn.example/a.mp4?sig=1") in found
    assert [each.role for each in find_results({"output": ["https://cdn.example/a.jpg"]})] == [
        "cover"
    ]


def test_a_text_is_cut_and_has_no_nul() -> None:
    assert read_text("a\0b" + "x" * 3000) == "ab" + "x" * 1997
    assert read_text(5) == ""
    assert read_word("  success\n") == "success"
    assert len(read_word("x" * 100)) == 60


def test_a_body_over_the_limit_is_not_read() -> None:
    filled = b'{"a":"' + b"x" * (BODY_LIMIT - 8) + b'"}'
    assert len(filled) == BODY_LIMIT
    assert read_object(filled) is not None
    assert read_object(filled + b" ") is None


TASK = {"task_id": "7", "creations": [1]}
ONE_OF_SEVERAL = (
    b'{"level":"info","msg":"upstream {ok}"}\n{"task_id":"7"}',
    b'[]\n{}&&{"task_id":"7"}',
    b'jQuery11({}, {"task_id":"7"})',
    b'{"task_id":"7"}{"error":{"message":"write: broken pipe"}}',
    b': ping\n\nevent: ping\ndata: {"id":"evt1"}\n\ndata: {"task_id":"7"}\n\ndata: [DONE]\n\n',
    b'data: {\ndata:  "task_id": "7"\ndata: }\n\n',
    b'[null,{"took_ms":3},{"task_id":"7"}]',
    b'<script>var a = {b: 1}</script>{"task_id":"7"}',
    b'<!-- {b: 1} -->{"task_id":"7"}',
)
STREAM = b'data: {"id":"7","status":"processing"}\n\ndata: {"id":"7","status":"succeeded"}\n\n'
LINKED = {"url": "https://a.example/f?a=1&copy=2", "n": '"<'}
SHOWN = (
    b'{"url":"https://a.example/f?a=1&copy=2","n":"\\"\\u003c"}',
    b"{&quot;url&quot;:&quot;https://a.example/f?a=1&amp;copy=2&quot;,&quot;n&quot;:&quot;\\&quot;&lt;&quot;}",
)


@pytest.mark.parametrize(
    ("content", "members", "is_cut"),
    [
        (b'{"a":"he said "no" twice","b":1}', {"a": 'he said "no" twice', "b": 1}, False),
        (b"{'a': 'it\\'s', b: True, c: None}", {"a": "it's", "b": True, "c": None}, False),
        (b'{"id":"7","n":12', {"id": "7"}, True),
        (b'{"id":"7","prompt":"cut', {"id": "7"}, True),
        (b'"{\\"a\\":1}"', {"a": 1}, False),
        (b"<html><script>var a = {b: 1}</script>", None, False),
        (b'{"a":911026047460327424.5}', {"a": Decimal("911026047460327424.5")}, False),
        (b'{"a":400// end\n}', {"a": 400}, False),
        (b'{"task_id":"","task_id":"7","creations":[],"creations":[1]}', TASK, False),
        *((content, {"task_id": "7"}, False) for content in ONE_OF_SEVERAL),
        (b'[{"task_id":"7"},{"task_id":"8"}]', None, False),
        (b'{"level":"info"}\n{"task_id":"7","prompt":"cut', {"task_id": "7"}, True),
        (b'{"task_id":"7"}\n{"level":"inf', {"task_id": "7"}, False),
        (STREAM, {"id": "7", "status": "succeeded"}, False),
        *((b"<html><body><pre>%s</pre></body></html>" % text, LINKED, False) for text in SHOWN),
        (b'<?xml version="1.0"?><string xmlns="x">%s</string>' % SHOWN[1], LINKED, False),
        (SHOWN[1], LINKED, False),
        (b"<html><p>Rejected by <b>{rule: 7}</b></p></html>", None, False),
    ],
)
def test_json_that_is_none_is_read_as_something_near_to_it(
    content: bytes, members: object, is_cut: bool
) -> None:
    assert read_members(content) == (members, is_cut)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("failed: creation-policy-violation (request id: 7)", "CreationPolicyViolation"),
        ("[nsfw_detected]", "NSFW_DETECTED"),
        ("upstream: Forbidden (request id: 7)", "Forbidden"),
        ("Forbidden content in the prompt", ""),
        ("this is forbidden", ""),
        ("NotCreationPolicyViolation", ""),
        ("my-CreationPolicyViolation", ""),
        ("任务失败CreationPolicyViolation请修改", "CreationPolicyViolation"),
        ("com.example.CreationPolicyViolationException: no", "CreationPolicyViolation"),
        ("ERR_CREATION_POLICY_VIOLATION", "CreationPolicyViolation"),
        ("NSFW_DETECTED_ERROR", ""),  # of two parts it may be any library's
    ],
)
def test_an_error_word_is_found_as_a_whole_word(text: str, word: str) -> None:
    assert find_word([text], REASONS) == word


def test_the_word_that_is_known_comes_before_one_nearer_to_the_top() -> None:
    quoted = 'status 400: {"code":"upstream_error","message":"CreationPolicyViolation"}'
    complaint = read_complaint({"code": "fail_to_fetch_task", "message": quoted}, REASONS)
    assert complaint.code == "CreationPolicyViolation"
    assert complaint.is_known
    assert not complaint.is_own


WORD = "CreationPolicyViolation"


@pytest.mark.parametrize(
    "members",
    [
        {"error": {"code": 400, "message": "no", "details": [{"@type": "info", "reason": WORD}]}},
        *({"errors": [{"message": "no"}, {"message": WORD}]}, {"errors": ["no", WORD]}),
        *(
            {"detail": [{"msg": "no"}, {"msg": WORD}]},
            {"failureCode": WORD},
            {"ErrorMessage": WORD},
        ),
        *({"base_resp": {"status_code": 1026, "status_msg": WORD}}, {"err": {"code": WORD}}),
        *({"task": {"reason": WORD}}, {"error": {"innererror": {"code": WORD}}}, {"failure": WORD}),
        *({"task_status_msg": WORD}, {"err_code": {"name": WORD}}, {"err_code": f"{WORD}Error"}),
        *({"code": "None", "error": "null", "message": WORD}, {"err_code": [WORD]}),
    ],
)
def test_the_word_is_found_wherever_gateways_put_it(members: dict[str, object]) -> None:
    assert read_complaint(members, REASONS).code == WORD


@pytest.mark.parametrize(
    ("members", "films"),
    [
        ({"video_url": "https://a/1.mp4,https://a/2.mp4?s=1"}, ["1.mp4", "2.mp4?s=1"]),
        ({"output": "https://a/1.mp4\nhttps://a/2.mp4"}, ["1.mp4", "2.mp4"]),
        ({"url": "https://a/get?u=b,https://a/1.mp4"}, ["get?u=b,https://a/1.mp4"]),
        ({"video": {"720p": "https://a/1.mp4", "1080p": "https://a/2.mp4"}}, ["1.mp4", "2.mp4"]),
        ({"videos": {"abc": {"url": "https://a/1.mp4"}}}, ["1.mp4"]),
        ({"video_url": "https://a/1.m3u8", "mp4_url": "https://a/1.mp4"}, ["1.mp4"]),
        ({"urls": {"get": "https://a/tasks/1", "cancel": "https://a/tasks/1/cancel"}}, []),
        ({"videos": {"input": {"url": "https://a/1.mp4"}}}, []),
    ],
)
def test_a_text_with_several_links_and_an_object_of_forms_are_lists_of_films(
    members: dict[str, object], films: list[str]
) -> None:
    found = find_results(members, is_finished=True)
    assert [each.url.removeprefix("https://a/") for each in found] == films
    assert {each.role for each in found} <= {"video"}


def test_a_key_is_hidden_also_where_its_slashes_are_escaped() -> None:
    assert redact('{"a":"vda\\/1","b":"vda/1"}', "vda/1") == '{"a":"***","b":"***"}'
    assert redact("nothing to hide", "") == "nothing to hide"


@pytest.mark.parametrize(("member", "limit"), [("text", 2000), ("word", 60)])
def test_a_key_that_lies_across_the_limit_is_hidden_too(member: str, limit: int) -> None:
    key = "vda_" + "k" * 30
    content = json.dumps({"message": "x" * (limit - 10) + key}).encode()
    reply = read_reply(httpx.Response(500, content=content), key)
    assert getattr(reply, member)("message") == "x" * (limit - 10) + "***"


@pytest.mark.parametrize(
    ("body", "query", "content_type"),
    [
        ("task_id=7&state=success", "", "application/x-www-form-urlencoded"),
        ("task_id=7&state=success", "", "application/json"),
        ("data=%7B%22task_id%22%3A%227%22%2C%22state%22%3A%22success%22%7D&sign=x", "", ""),
        ("payload=%7B%22task_id%22%3A%227%22%2C%22state%22%3A%22success%22%7D", "", ""),
        ("%7B%22task_id%22%3A%227%22%2C+%22state%22%3A%22success%22%7D=", "", ""),
        ("", "task_id=7&state=success", ""),
        ('{"state":"success"}', "task_id=7", "application/json"),
        ('{"id":"event-1","state":"success","data":{"object":{"task_id":"7"}}}', "", ""),
        (
            '--x\r\nContent-Disposition: form-data; name="task_id"\r\n\r\n7\r\n--x\r\n'
            'Content-Disposition: form-data; name="state"\r\n\r\nsuccess\r\n--x--\r\n',
            "",
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_callback_is_read_in_any_form(body: str, query: str, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    request = CallbackRequest("POST", "/callbacks/relay/1", query, headers, body.encode())
    hints = read_hints(read_body(request, ""), ids=("id",), states=("state",))
    assert hints == Hints("7", "success")


def test_a_pause_is_told_in_seconds_or_by_two_dates() -> None:
    dates = {
        "Retry-After": "Sun, 30 Nov 2025 17:09:12 GMT",
        "Date": "Sun, 30 Nov 2025 17:08:42 GMT",
    }
    assert read_retry_after({"Retry-After": " 30 "}) == 30
    assert read_retry_after(dates) == 30
    assert read_retry_after({"Retry-After": dates["Retry-After"]}) is None
    assert read_retry_after(dates | {"Retry-After": "2025-11-30 17:09:12"}) is None


SIGNED = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("X-Amz-Date=20260401T120000Z&X-Amz-Expires=86400", SIGNED + 86400),
        ("x-oss-date=20260401t120000z&x-oss-expires=3600", SIGNED + 3600),
        ("Expires=1775044800&Signature=x&Key-Pair-Id=y", 1775044800),
        ("EXPIRES=1775044800000", 1775044800),
        ("Expires=1775044801&X-Amz-Date=20260401T120000Z&X-Amz-Expires=5", 1775044801),
        ("q-sign-time=1775044800;1775048400", 1775048400),
        ("se=2026-04-01T12%3A00%3A00Z&sig=x", SIGNED),
        ("X-Amz-Expires=86400", None),
        ("X-Amz-Date=yesterday&X-Amz-Expires=86400", None),
        ("Expires=1775044800.250", 1775044800.25),
        *(("Expires=3600", None), ("Expires=soon", None), ("Expires=-5", None), ("", None)),
        ("auth_key=1775044800-0-0-ab12", None),
    ],
)
def test_the_end_of_a_link_is_read_from_its_address(query: str, end: float | None) -> None:
    assert read_expiry(f"https://cdn.example/clip.mp4?{query}") == end


def test_a_time_that_may_be_that_of_signing_counts_only_if_it_is_to_come() -> None:
    link = "https://cdn.example/clip.mp4?auth_key=1775044800-0-0-ab12&t=1600000000"
    assert read_expiry(link, now=1775044800 - 60) == 1775044800
    assert read_expiry(link, now=1775044800 + 60) is None


def test_an_address_that_cannot_be_read_tells_nothing() -> None:
    assert read_expiry("https://[broken?Expires=5") is None
