"""How values are written on pages, in both languages."""

from datetime import UTC, datetime, timedelta

from django.utils import translation

from generations import clock
from generations.templatetags.formats import age
from tests.cases import case

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_an_age_is_told_as_people_say_it_and_from_a_day_on_as_the_date() -> None:
    expected = {
        0: ("now", "刚刚"),
        59: ("now", "刚刚"),
        3 * 60: ("3 min ago", "3 分钟前"),
        5 * 3600: ("5 h ago", "5 小时前"),
        2 * 86400: ("18 Nov 12:00", "11 月 18 日 12:00"),
    }
    with clock.frozen(NOON):
        for seconds, words in expected.items():
            for language, said in zip(("en", "zh-hans"), words, strict=True):
                with case((seconds, language)), translation.override(language):
                    assert age(NOON - timedelta(seconds=seconds)) == said
    assert age(None) == ""
