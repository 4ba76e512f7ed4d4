"""What a provider says of an order that it took: the seed really used, its words, its times.

``echoed`` keeps it from the first reply that says so, because later ones may not (docs/wire.md).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from generations.providers.apixo.adapter import Apixo
from generations.providers.contract import ECHOED, Provider, Receipt, Report
from generations.providers.relay.adapter import Relay
from generations.providers.vidu.adapter import Vidu
from generations.providers.vivienne.adapter import Vivienne

from . import test_apixo, test_relay, test_seed_002, test_vidu, test_vivienne
from .calls import case
from .driver import value_of
from .recorded import DIRECTORY, read

INSTANT = 1764522552  # 2025-11-30T17:09:12Z
TIMES: Mapping[Any, float] = {
    **{INSTANT: INSTANT, str(INSTANT): INSTANT, 1764522552.25: INSTANT + 0.25},
    **{1764522552000: INSTANT, "1764522552250": INSTANT + 0.25, 1764522552250000: INSTANT + 0.25},
    **{1764522552250000000: INSTANT + 0.25, "2025-11-30T17:09:12Z": INSTANT},
    **{"2025-11-30T17:09:12.250000123Z": INSTANT + 0.25, "2025-11-30 17:09:12+00:00": INSTANT},
    **{"2025-12-01T01:09:12.25+08:00": INSTANT + 0.25, " 2025-11-30T17:09:12Z ": INSTANT},
    **{"Sun, 30 Nov 2025 17:09:12 GMT": INSTANT, "2025-11-30T17:09:12+0000": INSTANT},
    **{"2025-12-01 01:09:12 +0800 CST m=+0.1": INSTANT, "2025-11-30T17:09:12Z[UTC]": INSTANT},
}
NO_TIMES: Sequence[Any] = (
    None,
    "",
    0,
    "0",
    "soon",
    True,
    [],
    {},
    -1,
    10**30,
    "2025-13-45T99:00:00Z",
    # What programs write for no time, and a zone that two places have.
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "1970-01-01T00:00:00Z", "1970-01-01 08:00:00"),
    *("0000-00-00 00:00:00", "0000000000", "Sun Nov 30 17:09:12 CST 2025"),
)
NO_TEXTS: Sequence[Any] = ("None", "null", None, [], True)
NO_SEEDS: Sequence[Any] = (None, "", "random", True, [], 7.5)


def answer(body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(200, content=content)


def checked(provider: Provider, body: Any) -> Mapping[str, str]:
    access = {
        "vidu": test_vidu.ACCESS,
        "relay": test_relay.ACCESS,
        "vivienne": test_vivienne.ACCESS,
        "apixo": test_apixo.ACCESS,
    }[provider.kind]
    report: Report = value_of(provider.check(access, "911026047460327424"), answer(body))
    assert {*report.echoed} <= {*ECHOED}
    return report.echoed


def recorded_body(name: str) -> dict[str, Any]:
    body: dict[str, Any] = read(DIRECTORY / f"{name}.json").body
    return body


def assert_seed_001(echoed: Mapping[str, str]) -> None:
    assert float(echoed["created_at"]) == pytest.approx(1768877050.910316, abs=1e-5)
    assert {**echoed} == {
        "model": "viduq2",
        "prompt": "一只可爱的小猫在花园里玩耍,阳光明媚,画面温馨",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": "5",
        "seed": "426802853",
        "created_at": echoed["created_at"],
    }


def test_seed_001_tells_the_seed_really_used_and_its_time() -> None:
    body = recorded_body("relay/create_accepted")
    receipt: Receipt = value_of(Relay().submit(test_relay.ACCESS, test_relay.ORDER), answer(body))
    assert_seed_001(receipt.echoed)
    direct: Receipt = value_of(Vidu().submit(test_vidu.ACCESS, test_vidu.ORDER), answer(body))
    assert_seed_001(direct.echoed)
    assert_seed_001(checked(Vidu(), {**body, "state": "processing"}))
    assert_seed_001(checked(Relay(), {**body, "state": "processing"}))


def test_seed_002_tells_the_words_that_were_made_of_the_prompt_and_the_end() -> None:
    assert checked(Relay(), test_seed_002.PENDING)["enhanced_prompt"].startswith(
        "```\nA surreal and whimsical digital painting"
    )
    done = checked(Relay(), test_seed_002.COMPLETED)
    assert float(done["finished_at"]) == 1764522552
    assert (done["model"], done["prompt"]) == ("grok-3", "cat fish --mode=custom")
    assert done["aspect_ratio"] == "3:2"


def test_seed_003_tells_begin_and_end() -> None:
    echoed = checked(Apixo(), recorded_body("apixo/task_success"))
    assert float(echoed["created_at"]) == pytest.approx(1767965610.929)
    assert float(echoed["finished_at"]) == pytest.approx(1767965730.929)


def test_seed_000_tells_a_time_without_a_zone_as_it_came() -> None:
    echoed = checked(Vivienne(), recorded_body("vivienne/task_success"))
    assert echoed["created_at"] == "2025-01-01 12:00:00"
    assert echoed["model"] == "viduq2_text2video"


def test_seed_004_tells_no_more_than_stands_in_it() -> None:
    assert not checked(Vidu(), recorded_body("vidu/task_success"))


def test_a_time_is_read_in_all_its_forms() -> None:
    body = recorded_body("apixo/task_success")
    for written, instant in TIMES.items():
        with case(repr(written)):
            data = {**body["data"], "createTime": written}
            assert float(checked(Apixo(), {**body, "data": data})["created_at"]) == instant
            echoed = checked(Vidu(), {"state": "created", "created_at": written})
            assert float(echoed["created_at"]) == instant
    for written in NO_TIMES:
        with case(repr(written)):
            data = {**body["data"], "createTime": written}
            assert "created_at" not in checked(Apixo(), {**body, "data": data})


def test_the_seed_is_told_as_it_was_used_and_not_where_it_is_chance() -> None:
    for seed, used in {7.0: "7", "7": "7", 2147483647: "2147483647"}.items():
        assert checked(Vidu(), {"state": "processing", "seed": seed})["seed"] == used
    told = {"seed": 7, "actualSeed": 8, "creations": [{"seed": 9}]}
    assert checked(Vidu(), {"state": "processing", **told})["seed"] == "8"
    made = {"state": "processing", "creations": [{"seed": 9}]}
    assert checked(Vidu(), made)["seed"] == "9"
    for nothing in NO_SEEDS:
        assert "seed" not in checked(Vidu(), {"state": "processing", "seed": nothing})


def test_words_that_were_made_of_the_prompt_are_found_in_each_dialect() -> None:
    words = "A surreal painting.\n第二行"
    bodies: Mapping[Provider, Any] = {
        Vidu(): {"state": "processing", "enhanced_prompt": words},
        Relay(): {"state": "processing", "enhanced_prompt": words},
        Vivienne(): {"code": 1000, "data": {"status": "processing", "enhanced_prompt": words}},
        Apixo(): {"code": 200, "data": {"state": "processing", "enhanced_prompt": words}},
    }
    for provider, body in bodies.items():
        with case(provider.kind):
            assert checked(provider, body)["enhanced_prompt"] == words
    for name in ("EnhancedPrompt", "expanded_prompt", "optimizedPrompt"):
        assert checked(Vidu(), {"state": "processing", name: words})["enhanced_prompt"] == words
    for nothing in NO_TEXTS:
        assert not checked(Vidu(), {"state": "processing", "enhanced_prompt": nothing})


def test_an_end_that_is_told_before_the_end_is_none() -> None:
    body = {"state": "processing", "end_time": INSTANT}
    assert "finished_at" not in checked(Vidu(), body)
    assert checked(Vidu(), {**body, "state": "failed"})["finished_at"] == str(INSTANT)
