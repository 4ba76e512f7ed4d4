"""Links as they are written and sent, and what a store says of a link that it does not serve."""

import gzip
from pathlib import Path

import pytest

from generations.net.download import DownloadFailed, LinkGone, download
from tests.cases import case
from tests.net.origin import origin, reply

from .test_download import LAB, bring, loopback

TIME_FRAME = "Signature not valid in the specified time frame: Expiry [Mon] - Current [Tue]"
# The code and the message of a store that speaks as S3 does; whether it says that the link expired.
S3_ERRORS = [
    ("AccessDenied", "Request has expired", True),
    ("ExpiredToken", "The token is old", True),
    ("AuthenticationFailed", TIME_FRAME, True),
    ("AccessDenied", "Access Denied", None),
    ("AccessDenied", "Request is not yet valid", False),
    ("NoSuchKey", "The key does not exist.", False),
]
# Other errors, and what is shown of them.
PAGES = [
    ('{"error":"token out of date"}', '{"error":"token out of date"}', True),
    ("<style>a{}</style><body>\n <h1>链接</h1>已过期</body>", "链接 已过期", True),
    ("<p>No /a?Signature=s3cr3t-and-long&amp;x=1</p>", "No /a?Signature=…&x=1", None),
    ("It does not exist or has expired", "It does not exist or has expired", None),
    ("<head><title>Just a moment</title></head><body></body>", "Just a moment", None),
    (r'{"m":"\u94fe\u63a5\u5931\u6548"}', '{"m":"链接失效"}', True),
    (r'"\ud83d\ude00 \ud83d \u0000"', '"\U0001f600 \ufffd \\u0000"', None),
    ('"exp" claim timestamp check failed', '"exp" claim timestamp check failed', True),
    ("This link is no longer valid", "This link is no longer valid", True),
    ("", "", None),
]


def test_a_signed_query_arrives_byte_for_byte(target: Path) -> None:
    paths = [
        "/a%2Fb/c%2f.mp4?Signature=a%2Bb%2fc+d&x=%7e~&empty=&y='!()*\"<>[]{}|\\^`",
        "/?",
        "/a/../b//c?x=1?y=2#fragment",
        "/a;b=c?X-Amz-Signature=%E4%BD%a0&e=%zz%",
    ]
    with origin(reply(200, b"x")) as server:
        for path in paths:
            bring(server, target, path)
    lines = [head.split("\r\n")[0] for head in server.requests]
    assert lines == [f"GET {path.partition('#')[0]} HTTP/1.1" for path in paths]


def test_an_ipv6_host_stands_in_brackets(target: Path) -> None:
    with origin(reply(200, b"x")) as server:
        url = f"http://[::1]:{server.port}/"
        download(url, target, LAB, limit_bytes=9, deadline=9, resolver=loopback)
    assert f"\r\nHost: [::1]:{server.port}\r\n" in server.requests[0]


def test_raw_spaces_and_chinese_are_escaped(target: Path) -> None:
    with origin(reply(200, b"x")) as server:
        bring(server, target, "/雨 1.mp4?a=b")
    assert server.requests[0].startswith("GET /%E9%9B%A8%201.mp4?a=b HTTP/1.1")


def test_an_error_is_told_in_the_words_of_the_store(target: Path) -> None:
    text = "<Error>\n<Code>{}</Code><Message>{}</Message><HostId>z</HostId></Error>"
    pages = [
        (text.format(code, words), f"{code}: {words}", died) for code, words, died in S3_ERRORS
    ]
    for body, excerpt, is_expired in pages + PAGES:
        with case(excerpt), origin(reply(403, body.encode())) as server:
            with pytest.raises(LinkGone) as caught:
                bring(server, target, "/a?Signature=s3cr3t-and-long&x=1")
            told = (caught.value.status, caught.value.excerpt, caught.value.is_expired)
            assert told == (403, excerpt, is_expired)


def test_an_error_that_is_no_text_or_is_cut_says_nothing(target: Path) -> None:
    packed = gzip.compress(b"<Error><Code>NoSuchKey</Code></Error>")
    answers = [
        reply(403, bytes(range(256))),
        reply(404, b"Not", length=100),
        reply(403, packed, "Content-Encoding: gzip"),
        reply(503, b"busy" * 9000),
        reply(410, "链接".encode("gb18030")),
    ]
    excerpts = []
    with origin(*answers) as server:
        for _answer in answers:
            with pytest.raises((LinkGone, DownloadFailed)) as caught:
                bring(server, target)
            excerpts.append(caught.value.excerpt)
    assert excerpts == ["", "Not", "NoSuchKey", ("busy" * 9000)[:500], "链接"]
