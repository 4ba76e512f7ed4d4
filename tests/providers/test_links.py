"""When a link dies is read from its address, or not known."""

from datetime import UTC, datetime

import pytest

from generations.providers.wire.links import read_expiry

SIGNED = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("X-Amz-Date=20260401T120000Z&X-Amz-Expires=86400", SIGNED + 86400),
        ("x-oss-date=20260401T120000Z&x-oss-expires=3600", SIGNED + 3600),
        ("Expires=1775044800&Signature=x&Key-Pair-Id=y", 1775044800),
        ("Expires=1&X-Amz-Date=20260401T120000Z&X-Amz-Expires=5", 1),
        ("X-Amz-Expires=86400", None),
        ("X-Amz-Date=yesterday&X-Amz-Expires=86400", None),
        ("Expires=1775044800.250", 1775044800.25),
        ("Expires=soon", None),
        ("Expires=-5", None),
        ("", None),
    ],
)
def test_the_end_of_a_link_is_read_from_its_address(query: str, end: float | None) -> None:
    assert read_expiry(f"https://cdn.example/clip.mp4?{query}") == end


def test_an_address_that_cannot_be_read_tells_nothing() -> None:
    assert read_expiry("https://[broken?Expires=5") is None
