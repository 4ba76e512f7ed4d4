import hashlib
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from generations.net.download import (
    OVERLAP_BYTES,
    DownloadedFile,
    DownloadFailed,
    DownloadPaused,
    DownloadTooLarge,
    LinkForbidden,
    LinkGone,
    SpeedLimits,
    download,
)
from generations.net.links import redirect_link
from generations.net.sockets import AddressPolicy
from tests.cases import case
from tests.net.origin import Origin, certificate, origin, raw, reply

BODY = bytes(range(256)) * 20_000  # 5 MB
HALF = len(BODY) // 2
LAB = AddressPolicy(allow_private=True)


def bring(server: Origin, target: Path, path: str = "/clip.mp4", **options: Any) -> DownloadedFile:
    usual: dict[str, Any] = {"limit_bytes": 10**9, "deadline": 30}
    return download(server.url + path, target, server.policy, **(usual | options))


def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def left_over(target: Path, content: bytes, validator: str) -> None:
    target.write_bytes(content)
    target.with_name(target.name + ".validator").write_text(validator)


def rest(start: int, etag: str = '"one"', content_range: str = "") -> Any:
    stated = content_range or f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    return reply(206, BODY[start:], f"Content-Range: {stated}", f"ETag: {etag}")


def whole(target: Path, got: DownloadedFile) -> bool:
    digest = hashlib.sha256(BODY).hexdigest()
    return target.read_bytes() == BODY and (got.size, got.sha256) == (len(BODY), digest)


def names(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir() if path.is_file()}


# ---- The plain way --------------------------------------------------------------------------


def test_a_file_comes_whole_counted_and_hashed(target: Path) -> None:
    answer = reply(200, BODY, "Content-Type: video/mp4; x=y", 'ETag: "one"')
    with origin(answer) as server:
        got = bring(server, target)
    assert whole(target, got)
    assert (got.content_type, got.etag) == ("video/mp4", '"one"')
    assert names(target) == {"clip.part"}


def test_a_server_that_keeps_the_connection_open_does_not_hold_us(target: Path) -> None:
    with origin(reply(200, BODY, "Connection: keep-alive")) as server:
        began = time.monotonic()
        bring(server, target)
    assert time.monotonic() - began < 5


def test_a_chunked_body_comes_whole(target: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % len(BODY) + BODY + b"\r\n"
    with origin(raw(head, chunk, b"0\r\n\r\n")) as server:
        assert whole(target, bring(server, target))


def test_a_chunked_body_that_is_cut_is_a_failure(target: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        origin(raw(head, b"a\r\n0123456789\r\n", hang_up=True)) as server,
        pytest.raises(DownloadFailed),
    ):
        bring(server, target)


def test_no_credential_cookie_or_referer_is_sent(target: Path) -> None:
    elsewhere = reply(302, b"", "Location: /b", "Set-Cookie: a=b")
    with origin(elsewhere, reply(200, b"x")) as server:
        url = server.url.replace("http://", "http://user:password@") + "/a"
        download(url, target, server.policy, limit_bytes=9, deadline=9)
    for head in map(str.lower, server.requests):
        assert not {"authorization:", "cookie:", "referer:"} & set(head.split())
        assert "accept-encoding: identity\r\n" in head


def test_progress_is_reported(target: Path) -> None:
    reports: list[tuple[int, int | None]] = []
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    with origin(raw(head, b"abc", b"def", b"ghi", pause=0.6)) as server:
        bring(server, target, on_progress=lambda *report: reports.append(report))
    assert reports == [(6, 9)]


# ---- Going on after a cut -------------------------------------------------------------------


def test_a_cut_download_goes_on_where_it_was(target: Path) -> None:
    with origin(reply(200, BODY[:HALF], 'ETag: "one"', length=len(BODY)), rest(HALF)) as server:
        with pytest.raises(DownloadFailed):
            bring(server, target)
        assert target.read_bytes() == BODY[:HALF]
        assert whole(target, bring(server, target))
    assert f"Range: bytes={HALF}-\r\n" in server.requests[1]
    assert 'If-Range: "one"\r\n' in server.requests[1]
    assert names(target) == {"clip.part"}


def test_a_changed_file_starts_again(target: Path) -> None:
    left_over(target, b"of another file", '"zero"')
    with origin(reply(200, BODY, 'ETag: "one"')) as server:
        assert whole(target, bring(server, target))


UNVOUCHED = {  # a cut answer without a strong validator, and what its server gives of the rest
    "no tag": (reply(200, BODY[:HALF], length=len(BODY)), rest(HALF - OVERLAP_BYTES)),
    "a weak tag": (
        reply(200, BODY[:HALF], 'ETag: W/"one"', length=len(BODY)),
        rest(HALF - OVERLAP_BYTES, 'W/"one"'),
    ),
    "no ranges": (reply(200, BODY[:HALF], length=len(BODY)), reply(200, BODY)),
}


def test_without_a_validator_the_last_bytes_come_again_and_are_compared(target: Path) -> None:
    for name, answers in UNVOUCHED.items():
        target.unlink(missing_ok=True)
        with case(name), origin(*answers) as server:
            with pytest.raises(DownloadFailed):
                bring(server, target)
            assert whole(target, bring(server, target))
            assert f"Range: bytes={HALF - OVERLAP_BYTES}-\r\n" in server.requests[1]
            assert "If-Range" not in server.requests[1]


def test_without_a_validator_another_file_starts_again(target: Path) -> None:
    target.write_bytes(bytes(HALF))
    with origin(rest(HALF - OVERLAP_BYTES), reply(200, BODY)) as server:
        with pytest.raises(DownloadFailed):
            bring(server, target)
        assert whole(target, bring(server, target))
    assert "Range:" not in server.requests[1]


def part(start: int, end: int) -> Any:
    """A 206 with fewer bytes than were asked for."""
    stated = f"Content-Range: bytes {start}-{end - 1}/{len(BODY)}"
    return reply(206, BODY[start:end], stated, 'ETag: "one"')


PARTIAL = {  # answers to one call, which asks for the whole file
    "a whole file as a part": [rest(0)],
    "a part without its range": [reply(206, BODY)],
    "a range in other letters": [rest(0, content_range=f"Bytes=0 - {len(BODY) - 1} / *")],
    "a few megabytes at once": [part(0, HALF), part(HALF, HALF + 9), rest(HALF + 9)],
    "a proxy between": [reply(203, BODY)],
}


def test_a_file_that_comes_as_parts_is_whole_in_one_call(target: Path) -> None:
    for name, answers in PARTIAL.items():
        target.unlink(missing_ok=True)
        with case(name), origin(*answers) as server:
            assert whole(target, bring(server, target))
            assert names(target) == {"clip.part"}


def test_a_date_serves_where_there_is_no_tag(target: Path) -> None:
    date = "Sat, 21 Nov 2026 01:00:00 GMT"
    cut = reply(200, BODY[:HALF], f"Last-Modified: {date}", length=len(BODY))
    with origin(cut, rest(HALF)) as server:
        with pytest.raises(DownloadFailed):
            bring(server, target)
        assert whole(target, bring(server, target))
    assert f"If-Range: {date}\r\n" in server.requests[1]


@pytest.mark.parametrize(
    "answer",
    [
        rest(HALF + 1),
        rest(0),
        rest(HALF, etag='"two"'),
        rest(HALF, content_range="lines 1-2/3"),
        reply(206, BODY[HALF:]),
    ],
    ids=["later", "earlier", "another file", "no range of bytes", "no range"],
)
def test_a_wrong_part_is_refused_and_forgotten(target: Path, answer: Any) -> None:
    left_over(target, BODY[:HALF], '"one"')
    with origin(answer, reply(200, BODY)) as server:
        with pytest.raises(DownloadFailed):
            bring(server, target)
        assert whole(target, bring(server, target))
    assert "Range:" not in server.requests[1]


def test_a_part_that_was_not_asked_for_is_refused(target: Path) -> None:
    with origin(rest(HALF)) as server, pytest.raises(DownloadFailed):
        bring(server, target)


def test_a_range_beyond_the_end_starts_again(target: Path) -> None:
    left_over(target, BODY + b"too much", '"one"')
    with origin(reply(416, b"", f"Content-Range: bytes */{len(BODY)}"), reply(200, BODY)) as server:
        assert whole(target, bring(server, target))
    assert "Range:" not in server.requests[1]


def test_a_range_that_begins_at_the_end_says_that_the_file_is_whole(target: Path) -> None:
    left_over(target, BODY, '"one"')
    end = f"Content-Range: bytes */{len(BODY)}"
    with origin(reply(416, b"", end, 'ETag: "two"'), reply(416, b"", end)) as server:
        with pytest.raises(LinkGone):  # of another file: it was asked for anew
            bring(server, target)
        left_over(target, BODY, '"one"')
        assert whole(target, bring(server, target))
    assert len(server.requests) == 3
    assert names(target) == {"clip.part"}


def test_a_416_without_a_range_is_gone(target: Path) -> None:
    with origin(reply(416)) as server, pytest.raises(LinkGone):
        bring(server, target)


# ---- What the server may answer -------------------------------------------------------------


def test_a_dead_link_is_gone(target: Path) -> None:
    statuses = [400, 401, 403, 404, 410, 451]
    with origin(*(reply(status, b"<html>no</html>") for status in statuses)) as server:
        for status in statuses:
            with pytest.raises(LinkGone, match=f"{status}"):
                bring(server, target)


def test_a_server_in_trouble_is_a_failure_and_what_came_is_kept(target: Path) -> None:
    left_over(target, BODY[:HALF], '"one"')
    statuses = [204, 304, 408, 425, 429, 500, 502, 503, 504]
    with origin(*(reply(status) for status in statuses)) as server:
        for status in statuses:
            with pytest.raises(DownloadFailed, match=f"{status}"):
                bring(server, target)
            assert target.read_bytes() == BODY[:HALF]


def test_twenty_gigabytes_are_refused_by_their_header_alone(target: Path) -> None:
    with origin(reply(200, b"x", length=20_000_000_000)) as server, pytest.raises(DownloadTooLarge):
        bring(server, target)
    assert names(target) == set()


def test_a_body_without_a_length_is_cut_at_the_limit(target: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with origin(raw(head, BODY, hang_up=True)) as server, pytest.raises(DownloadTooLarge):
        bring(server, target, limit_bytes=1_000_000)
    assert names(target) == set()


def test_bytes_after_the_promised_length_are_not_read(target: Path) -> None:
    with origin(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef")) as server:
        assert bring(server, target).size == 3
    assert target.read_bytes() == b"abc"


def test_what_is_no_http_is_a_failure(target: Path) -> None:
    answers = [
        raw(b"SSH-2.0-OpenSSH\r\n", hang_up=True),
        raw(hang_up=True),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"),
    ]
    with origin(*answers) as server:
        for _answer in answers:
            with pytest.raises(DownloadFailed):
                bring(server, target)


def test_a_port_where_nobody_listens_is_a_failure(target: Path) -> None:
    with origin(reply()) as server:
        pass
    with pytest.raises(DownloadFailed):
        bring(server, target)


# ---- Too slow -------------------------------------------------------------------------------

HEAD = b'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: 100\r\n\r\n'


def test_the_deadline_pauses_and_keeps_what_came(target: Path) -> None:
    with origin(raw(HEAD, *[b"ab"] * 50, pause=0.1)) as server, pytest.raises(DownloadPaused):
        bring(server, target, deadline=0.7)
    kept = target.read_bytes()
    assert 4 <= len(kept) < 30
    assert names(target) == {"clip.part", "clip.part.validator"}


def test_the_deadline_holds_for_headers_too(target: Path) -> None:
    slow = raw(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 50, pause=0.1)
    with origin(slow) as server, pytest.raises(DownloadPaused):
        bring(server, target, deadline=0.5)


def test_a_drip_below_the_lowest_rate_is_cut(target: Path) -> None:
    limits = SpeedLimits(window=0.4, lowest_rate=1000)
    with (
        origin(raw(HEAD, *[b"ab"] * 50, pause=0.1)) as server,
        pytest.raises(DownloadFailed, match="lower"),
    ):
        bring(server, target, limits=limits)
    assert target.read_bytes().startswith(b"ab")


def test_a_drip_of_headers_below_the_lowest_rate_is_cut(target: Path) -> None:
    slow = raw(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 50, pause=0.1)
    limits = SpeedLimits(window=0.4, lowest_rate=1000)
    with origin(slow) as server, pytest.raises(DownloadFailed, match="lower"):
        bring(server, target, limits=limits)


def test_silence_is_a_failure(target: Path) -> None:
    with origin(raw(HEAD, b"late", pause=1)) as server, pytest.raises(DownloadFailed):
        bring(server, target, limits=SpeedLimits(silence=0.2))


# ---- Where it leads -------------------------------------------------------------------------


def test_eight_redirects_are_followed_and_a_ninth_is_not(target: Path) -> None:
    step = reply(302, b"", "Location:   /next?a=%2f ")
    with origin(*[step] * 8, reply(200, BODY)) as server:
        assert whole(target, bring(server, target))
    assert server.requests[1].startswith("GET /next?a=%2f HTTP/1.1")
    with origin(step) as server, pytest.raises(DownloadFailed, match="redirects"):
        bring(server, target)
    assert len(server.requests) == 9


PRIVATE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "//127.0.0.1:1/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::1]/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "http://127.0.0.1:99999/",
]


def test_a_redirect_to_a_private_place_is_forbidden(target: Path) -> None:
    answers = [reply(302, b"", f"Location: {location}") for location in PRIVATE]
    with origin(*answers) as server:
        for _answer in answers:
            with pytest.raises(LinkForbidden):
                bring(server, target, resolver=lambda host, _port: [host])
    assert len(server.requests) == len(PRIVATE)


def test_a_redirect_without_a_location_ends(target: Path) -> None:
    with origin(reply(302)) as server, pytest.raises(DownloadFailed):
        bring(server, target)


def test_a_name_with_one_private_address_is_forbidden(target: Path) -> None:
    with origin(reply()) as server, pytest.raises(LinkForbidden):
        download(
            f"http://name.test:{server.port}/",
            target,
            AddressPolicy(),
            limit_bytes=9,
            deadline=9,
            resolver=lambda host, port: ["93.184.216.34", "127.0.0.1"],
        )
    assert server.connections == 0


def test_https_is_verified_against_the_name_and_never_leads_to_http(
    target: Path, tmp_path: Path
) -> None:
    ours, theirs = certificate("files.test", tmp_path)
    options: dict[str, Any] = {
        "limit_bytes": 10**9,
        "deadline": 9,
        "resolver": loopback,
        "tls": theirs,
    }
    down = reply(302, b"", "Location: http://files.test:8080/")
    with origin(reply(200, BODY), down, tls=ours) as server:
        url = f"https://files.test:{server.port}/a"
        assert whole(target, download(url, target, LAB, **options))
        with pytest.raises(LinkForbidden, match="https to http"):
            download(url, target, LAB, **options)
        with pytest.raises(DownloadFailed, match="CERTIFICATE_VERIFY_FAILED"):
            download(url.replace("files", "other"), target, LAB, **options)


def test_a_redirect_from_https_to_http_stays_on_https() -> None:
    """A server behind a TLS proxy does not know that it is reached by https."""
    led = {
        "http://files.test/b?c=%2f#d": "https://files.test/b?c=%2f#d",
        "HTTP://files.test:80/b": "https://files.test/b",
        "//files.test:8443/b": "https://files.test:8443/b",
        "/b": "https://files.test:444/b",
    }
    for location, target in led.items():
        assert redirect_link("https://files.test:444/a", location) == target
    assert redirect_link("http://files.test/a", "http://files.test/b") == "http://files.test/b"


def test_no_message_holds_the_links_query(target: Path) -> None:
    with origin(reply(403)) as server, pytest.raises(LinkGone) as caught:
        bring(server, target, "/clip?Signature=secret")
    assert "secret" not in str(caught.value)


def test_memory_does_not_grow_with_the_file(target: Path) -> None:
    """60 MB come through while Python's own allocations stay within a few buffers."""
    block = b"x" * 1_000_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n"
    with origin(raw(head, *[block] * 60)) as server:
        tracemalloc.start()
        bring(server, target)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 8_000_000
