"""Each manner is seen at each provider that it fits, and the sandbox itself is not misled by it."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote

import av
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.clips.spec import ClipSpec
from generations.sandbox.directives import Directives
from generations.sandbox.help_tables import TABLES
from generations.sandbox.manners.catalogue import MANNERS
from generations.sandbox.manners.manner import EVERY, KINDS, Manner
from generations.sandbox.remote_ids import FORMS
from tests.cases import case
from tests.sandbox.dialects import order_of
from tests.sandbox.manner_client import KEY, Client, Ordered, ask
from tests.sandbox.orders import LONG


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.running(clip_folder=tmp_path_factory.mktemp("clips")) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(sandbox: Sandbox) -> None:
    sandbox.reset()


# Seen elsewhere: in callbacks, in the trees of films, and in clips that are not all equally small.
ELSEWHERE = ("callback ", "undelivered ", "mark elsewhere", "dead link")


def baseline(manner: Manner) -> tuple[str, ...]:
    """The directives by which only the manner itself makes a difference."""
    hooks = (manner.body, manner.text, manner.response, manner.file, manner.interruption)
    return manner.implied if any(hooks) else ()


@pytest.mark.parametrize("dialect", EVERY)
def test_each_manner_makes_a_difference(sandbox: Sandbox, dialect: str) -> None:
    client = Client(sandbox, dialect)
    fitting = [
        manner
        for manner in MANNERS
        if dialect in manner.dialects and not manner.on_films
        if not manner.word.startswith(ELSEWHERE)
    ]
    played = {manner.word: client.order(manner.word) for manner in fitting}
    plain: dict[tuple[str, ...], Ordered] = {(): client.order()}
    again = client.order()
    for implied in {baseline(manner) for manner in fitting} - {()}:
        sandbox.set_fault(KEY, "".join(f"[{phrase}]" for phrase in implied), times=1)
        plain[implied] = client.order()
    everything = [again, *plain.values(), *played.values()]
    for seconds in (0, 2, LONG):
        sandbox.advance(seconds)
        for ordered in everything:
            client.query(ordered)
    for ordered in everything:
        if ordered.task is not None and ordered.task.state == "success":
            client.fetch(ordered)
    assert again.seen == plain[()].seen
    same = [
        manner.word
        for manner in fitting
        if played[manner.word].seen == plain[baseline(manner)].seen
    ]
    assert not same


def test_words_are_unique_and_no_directive_is_called_so() -> None:
    words = [manner.word.lower() for manner in MANNERS]
    assert len(set(words)) == len(words)
    syntaxes = " ".join(entry.syntax.lower() for _, entries in TABLES for entry in entries)
    assert not [word for word in words if f"[{word}]" in syntaxes or f"[{word} " in syntaxes]
    assert {manner.kind for manner in MANNERS} == set(KINDS)
    for manner in MANNERS:
        with case(manner.word):
            assert Directives.parse(f"[{manner.word}]").phrases == (manner.word,)
            assert manner.english.endswith((".", ":", "}")) or manner.kind in {"W3", "W11", "W13"}
            assert re.search("[\u4e00-\u9fff]", manner.chinese)


def test_a_task_is_found_by_each_form_of_its_id(sandbox: Sandbox) -> None:
    for dialect in EVERY:
        client = Client(sandbox, dialect)
        for form in FORMS:
            with case((dialect, form)):
                ordered = client.order(f"id {form}")
                assert ordered.task is not None
                remote_id = ordered.task.remote_id
                assert remote_id != ordered.task.id
                assert remote_id in ordered.answers[0].text
                assert remote_id in client.query(ordered).text
    listed = Client(sandbox, "vidu").ask("/ent/v2/tasks?paper.pagesz=100").body["tasks"]
    assert {task.remote_id for task in sandbox.tasks.values() if task.dialect == "vidu"} == {
        row["id"] for row in listed
    }


def test_an_interruption_comes_as_often_as_it_should(sandbox: Sandbox) -> None:
    client = Client(sandbox, "relay")
    for word, statuses in (
        ("proxy query 403", [403, 200, 200]),
        ("proxy query 502 often", [502, 502, 502, 502, 200]),
        ("moved query 301", [301, 301, 200]),
        ("moved query always", [301, 301, 301]),
        ("own query 401", [401, 200]),
    ):
        with case(word):
            ordered = client.order(word)
            assert [client.query(ordered).status for _ in statuses] == statuses
    by_number = Ordered("relay", client.task_of("[proxy query 403 3]"))
    assert [client.query(by_number).status for _ in range(4)] == [403, 403, 403, 200]


def test_what_answers_in_place_of_the_provider_creates_nothing(sandbox: Sandbox) -> None:
    for dialect in EVERY:
        client = Client(sandbox, dialect)
        for word, status, created in (
            ("proxy create 403", 403, False),
            ("proxy create 502 after", 502, True),
            ("moved create 308", 308, False),
            (
                "refusal sentence CreationPolicyViolation",
                200 if dialect == "vivienne" else 400,
                False,
            ),
        ):
            with case((dialect, word)):
                ordered = client.order(word)
                assert ordered.answers[0].status == status
                assert (ordered.task is not None) == created
    # A client that follows a redirect with its paid POST is found out: there is a task then.
    client = Client(sandbox, "vidu")
    moved = client.order("moved create 307").answers[0].headers["location"]
    _, body = order_of("vidu", "A lamp [moved create 307]")
    assert client.ask(moved.removeprefix(sandbox.url), "POST", body).body["task_id"]


def test_a_film_comes_late_behind_the_same_link(sandbox: Sandbox) -> None:
    client = Client(sandbox, "vidu")
    ordered, longer = client.order("late 404"), client.order()
    assert longer.task is not None
    longer.task.phrases += ("late expired 120",)
    sandbox.advance(LONG)
    link = client.query(ordered).body["creations"][0]["url"]
    assert (ask(link).status, client.fetch(longer).status) == (404, 403)
    sandbox.advance(30)
    assert (ask(link).status, client.fetch(longer).status) == (200, 403)
    sandbox.advance(100)
    assert client.fetch(longer).status == 200


def test_the_first_link_may_be_dead(sandbox: Sandbox) -> None:
    client = Client(sandbox, "vidu")
    for word, statuses in (
        ("dead link", [403, 403]),
        ("dead link 404", [404, 404]),
        ("dead link soon", [200, 403]),
    ):
        with case(word):
            ordered = client.order(word)
            sandbox.advance(LONG)
            first, second = (client.query(ordered).body["creations"][0]["url"] for _ in range(2))
            seen = [ask(first).status]
            sandbox.advance(6)
            assert [*seen, ask(first).status] == statuses
            assert ask(second).status == 200


def test_a_link_leads_to_the_film_however_it_is_written(sandbox: Sandbox) -> None:
    client = Client(sandbox, "vidu")
    by_word = {manner.word: client.order(manner.word) for manner in MANNERS if manner.kind == "W11"}
    sandbox.advance(LONG)
    for word, ordered in by_word.items():
        with case(word):
            link = client.query(ordered).body["creations"][0]["url"]
            assert ask(as_a_browser_reads(link, sandbox.url)).status == 200


def as_a_browser_reads(link: str, base: str) -> str:
    path = link.replace("\\", "").partition("media/")[2].partition("#")[0]
    path = path.strip(' \r\n\t\ufeff\u200b\u00a0">')
    path = path.removesuffix(")") if link.startswith("[") else path
    # A percent sign that is no escape stands for itself.
    path = re.sub("%(?![0-9A-Fa-f]{2})", "%25", path)
    return f"{base}/media/{quote(path, safe=UNESCAPED)}"


UNESCAPED = "/?&=%+;,:@~*'()![]|{}^`$"


def test_a_signed_query_stays_byte_for_byte(sandbox: Sandbox) -> None:
    client = Client(sandbox, "apixo")
    ordered = client.order("address escapes")
    sandbox.advance(LONG)
    link = json.loads(client.query(ordered).body["data"]["resultJson"])["resultUrls"][0]
    assert ask(link).status == 200
    for changed in (link.replace("%e4", "%E4"), link.replace("a%20b", "a+b"), link + "&x=1"):
        with case(changed):
            assert ask(changed).status == 403


def test_containers_are_what_they_are_called(sandbox: Sandbox) -> None:
    client = Client(sandbox, "relay")
    by_name = {name: client.order(f"container {name}") for name in CONTAINERS}
    sandbox.advance(LONG)
    for name, (container, codec, sounds) in CONTAINERS.items():
        with case(name), av.open(BytesIO(client.fetch(by_name[name]).content), "r") as opened:
            assert container in opened.format.name
            assert opened.streams.video[0].codec_context.codec.canonical_name == codec
            assert len(opened.streams.audio) == sounds
            assert (opened.duration is None) == name.endswith("live")
            assert len(list(opened.decode(video=0))) == 8


CONTAINERS = {
    "webm": ("webm", "vp9", 1),
    "webm live": ("webm", "vp8", 1),
    "mov": ("mov", "h264", 1),
    "mkv": ("matroska", "h264", 1),
    "hevc": ("mp4", "hevc", 1),
    "av1": ("mp4", "av1", 1),
    "prores": ("mov", "prores", 1),
    "fragmented": ("mp4", "h264", 1),
    "mpegts": ("mpegts", "h264", 1),
    "avi": ("avi", "mpeg4", 1),
    "two sounds": ("mp4", "h264", 2),
    "no sound": ("mp4", "h264", 0),
}


def test_what_was_ordered_may_be_missing_in_a_clip(sandbox: Sandbox) -> None:
    client = Client(sandbox, "vidu")

    def spec(*words: str) -> ClipSpec:
        ordered = client.order(*words, resolution="720p", duration=4)
        assert ordered.task is not None
        found = sandbox.context.engine.spec(ordered.task)
        assert isinstance(found, ClipSpec)
        return found

    whole = spec()
    assert (whole.width, whole.height, whole.seconds, whole.sound) == (1280, 720, 4, True)
    assert not spec("undelivered sound").sound
    assert spec("undelivered resolution").height == 360
    assert spec("undelivered ratio").width == 720
    short = client.order("undelivered seconds")
    sandbox.advance(LONG)
    with av.open(BytesIO(client.fetch(short).content), "r") as opened:
        assert len(list(opened.decode(video=0))) == 4


def test_a_marked_film_may_be_missing_or_elsewhere(sandbox: Sandbox) -> None:
    vidu, relay = Client(sandbox, "vidu"), Client(sandbox, "relay")
    missing = vidu.order("undelivered mark", watermark=True)
    elsewhere = relay.order("mark elsewhere", watermark=True)
    sandbox.advance(LONG)
    assert vidu.query(missing).body["creations"][0]["watermarked_url"] == ""
    assert "watermarked_url" not in relay.query(elsewhere).body
    assert elsewhere.task is not None
    other = relay.ask(f"/ent/v2/tasks/{elsewhere.task.id}/creations").body
    assert ask(other["creations"][0]["watermarked_url"]).status == 200


def test_a_relay_may_answer_at_a_third_address_only(sandbox: Sandbox) -> None:
    client = Client(sandbox, "relay")
    task = client.task_of("[task path] [id slash]")
    remote_id = quote(task.remote_id, safe="")
    assert client.ask(f"/vidu-native/video/generations/{remote_id}").status == 404
    assert client.ask(f"/ent/v2/tasks/{remote_id}/creations").status == 404
    assert client.ask(f"/ent/v2/task?task_id={remote_id}").body["id"] == task.remote_id


@pytest.mark.parametrize("shape", ["1", "3", "4", "5"])
def test_states_and_results_have_manners_in_every_shape_of_the_relay(
    sandbox: Sandbox, shape: str
) -> None:
    client = Client(sandbox, "relay")
    if shape in "13":
        client.query_path = "/ent/v2/tasks/{}/creations"
    sandbox.set_fault(KEY, f"[shape {shape}]", on="create")
    plain, failed = client.order(), client.order("failure sentence CreationPolicyViolation")
    played = {
        manner.word: client.order(manner.word)
        for manner in MANNERS
        if manner.kind in {"W1", "W2"} and "relay" in manner.dialects and not manner.implied
    }
    for seconds in (0, 2, LONG):
        sandbox.advance(seconds)
        for ordered in (plain, failed, *played.values()):
            client.query(ordered)
    assert "CreationPolicyViolation, please" in failed.answers[-1].text
    assert not [word for word, ordered in played.items() if ordered.seen == plain.seen]
