"""What the sandbox says of itself while manners are played, and how they are chosen."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import httpx

from generations.sandbox.app import Sandbox
from generations.sandbox.manners.catalogue import LISTED
from generations.sandbox.manners.manner import EVERY
from generations.sandbox.providers.vivienne import signature
from tests.cases import case
from tests.sandbox.films import create_film, detail, finished_film, newest_records, post_edit
from tests.sandbox.manner_client import KEY, Client, ask
from tests.sandbox.orders import LONG
from tests.sandbox.stills import still

OPENED_WITH = 100_000


def truth(sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = ask(f"{sandbox.url}/control/truth").body
    return found


def test_the_truth_names_posts_costs_balances_and_the_bytes_of_films(sandbox: Sandbox) -> None:
    client = Client(sandbox, "vidu")
    whole = client.order("film none", payload="a", watermark=True)
    packed = client.order("file coding gzip", payload="b")
    client.order("proxy create 502", payload="c")
    dear = client.order("cost thousands", payload="d")
    sandbox.advance(LONG)
    found = truth(sandbox)
    by_payload = {task["payload"]: task for task in found["tasks"]}
    assert [by_payload[name]["posts"] for name in "abd"] == [1, 1, 1]
    assert found["posts_without_task"] == {"c": 1}
    assert by_payload["a"]["manners"] == ["film none"]
    assert [file["name"] for file in by_payload["a"]["files"]] == ["video.mp4", "watermarked.mp4"]
    assert [file["marked"] for file in by_payload["a"]["files"]] == [False, True]
    for ordered, name in ((whole, "a"), (dear, "d")):
        with case(name):
            content = client.fetch(ordered).content
            (video, *_) = by_payload[name]["files"]
            assert video["sha256"] == hashlib.sha256(content).hexdigest()
            assert video["bytes"] == len(content)
    unpacked = gzip.decompress(client.fetch(packed).content)
    assert by_payload["b"]["files"][0]["sha256"] == hashlib.sha256(unpacked).hexdigest()
    assert by_payload["d"]["cost"] == 1250
    charged = sum(task["cost"] for task in found["tasks"])
    (account,) = found["accounts"]
    assert (account["charged"], account["left"]) == (charged, OPENED_WITH - charged)


def test_a_post_that_comes_twice_is_counted_twice(sandbox: Sandbox) -> None:
    for dialect in EVERY:
        client = Client(sandbox, dialect)
        address = f"https://app.example/hooks/{dialect}"
        for _ in range(2):
            client.order(callback=address)
    posts = {(task["dialect"], task["posts"]) for task in truth(sandbox)["tasks"]}
    assert posts == {(dialect, 2) for dialect in EVERY}


def test_manners_are_listed_for_programs_and_on_the_page(sandbox: Sandbox) -> None:
    listed = ask(f"{sandbox.url}/control/manners").body
    assert len(listed["manners"]) == len(LISTED)
    mark = next(each for each in listed["manners"] if each["word"] == "mark elsewhere")
    assert (mark["kind"], mark["dialects"], mark["outcome"]) == ("W14", ["relay"], "right")
    assert mark["order"] == {"watermark": True}
    page = httpx.get(sandbox.url, trust_env=False).text
    assert all(f"[{word}]" in page for word in ("state SUCCEEDED", "late 404", "container hevc"))


def test_orders_get_what_was_chosen_for_their_provider(sandbox: Sandbox) -> None:
    address = f"{sandbox.url}/control/manners"
    relay, vidu = Client(sandbox, "relay"), Client(sandbox, "vidu")
    some = {"dialect": "relay", "words": ["state done", "id slash"], "chance": 0.5}
    assert ask(address, "POST", some).status == 200
    drawn = [relay.task_of("").phrases for _ in range(40)]
    assert {len(phrases) for phrases in drawn} == {0, 1}
    assert {phrase for phrases in drawn for phrase in phrases} == {"state done", "id slash"}
    assert vidu.task_of("").phrases == ()
    assert ask(address, "POST", {"dialect": "relay", "chance": 0}).body == {"choices": []}
    assert relay.task_of("").phrases == ()


def test_the_form_of_the_page_chooses_any_manner_where_no_word_is_given(sandbox: Sandbox) -> None:
    form = {"dialect": "apixo", "chance": "1"}
    answer = httpx.post(f"{sandbox.url}/control/manners", data=form, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    (choice,) = ask(f"{sandbox.url}/control/manners").body["choices"]
    assert len(choice["words"]) == sum("apixo" in manner.dialects for manner in LISTED)
    assert "apixo, 100%" in httpx.get(sandbox.url, trust_env=False).text


def test_what_cannot_be_chosen_is_refused(sandbox: Sandbox) -> None:
    for body in (
        {"dialect": "nobody", "chance": 1},
        {"dialect": "vidu", "words": ["x"], "chance": 1},
        {"dialect": "vidu", "chance": 2},
        {"dialect": "vidu"},
    ):
        with case(body):
            assert ask(f"{sandbox.url}/control/manners", "POST", body).status == 400


# ---- Callbacks ------------------------------------------------------------------------------


@contextmanager
def receiving() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """The address of a server, and the headers and bytes of what it gets, chunks joined."""
    received: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append((headers, b"".join(self._chunks(headers))))
            self.send_response(200)
            self.end_headers()

        def _chunks(self, headers: dict[str, str]) -> Iterator[bytes]:
            if headers.get("transfer-encoding") != "chunked":
                yield self.rfile.read(int(headers["content-length"]))
                return
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_callbacks_come_in_chunks_and_under_other_headers(sandbox: Sandbox) -> None:
    for dialect in EVERY:
        client = Client(sandbox, dialect)
        for word, name, value in (
            ("callback chunked", "transfer-encoding", "chunked"),
            ("callback small chunks", "transfer-encoding", "chunked"),
            ("callback gzip", "content-encoding", "gzip"),
            ("callback plain type", "content-type", "text/plain;charset=UTF-8"),
            ("callback coding claimed", "content-encoding", "utf-8"),
        ):
            with case((dialect, word)), receiving() as (address, received):
                client.order(word, callback=address)
                sandbox.advance(LONG)
                headers, content = received[-1]
                assert headers[name] == value
                assert ("content-length" in headers) == (name != "transfer-encoding")
                assert json.loads(gzip.decompress(content) if value == "gzip" else content)


def test_callbacks_are_written_as_the_replies_are(sandbox: Sandbox) -> None:
    with receiving() as (address, received):
        for word in ("json prefix", "state SUCCEEDED", "id slash"):
            Client(sandbox, "vivienne").order(word, callback=address)
        sandbox.advance(LONG)
    by_start = {content[:4]: content for _, content in received}
    assert by_start.pop(b")]}'")
    bodies = [json.loads(content) for _, content in received if content[:1] == b"{"]
    assert {body["status"] for body in bodies} == {"SUCCEEDED", "success"}
    # The signature is over the id as the provider tells it.
    (slash,) = [body for body in bodies if "/" in body["taskNo"]]
    assert slash["sign"] == signature(slash["taskNo"], slash["timestamp"], KEY)


# ---- Films ----------------------------------------------------------------------------------


def test_the_tree_of_a_film_has_manners_too(sandbox: Sandbox, client: httpx.Client) -> None:
    film = finished_film(sandbox, client, "Coffee [one take] [state capitals] [proxy tree 403]")
    assert client.get(f"/ent/v2/ad-one-click/{film}").status_code == 403
    tree = detail(client, film)
    states = [record["state"] for record in tree["data_records"]["narration_records"]]
    assert [tree["state"], *states] == ["SUCCESS", "SUCCESS"]


def test_the_tree_of_a_film_may_have_another_shape(sandbox: Sandbox, client: httpx.Client) -> None:
    words = ("tree url", "tree creations", "tree indexed", "tree deeper")
    images = [still(160, 90)]
    films = {
        word: create_film(client, f"Coffee [one take] [{word}]", images=images) for word in words
    }
    sandbox.advance(LONG)
    url, creations, indexed, deeper = (detail(client, film) for film in films.values())
    assert url["data_records"]["bgm_records"][0]["url"].startswith(sandbox.url)
    assert creations["data_records"]["bgm_records"][0]["creations"][0]["url"]
    assert indexed["data_records"]["storyboards"]["0"]["records"]["0"]["creation_url"]
    assert deeper["data"]["data_records"]["storyboards"]


def test_a_film_and_its_parts_may_have_ids_of_any_form(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    film = finished_film(sandbox, client, "Coffee [one take] [id slash]")
    assert film.startswith("videos/")
    escaped = quote(film, safe="")
    edited = post_edit(client, film, prompt="From above [id colon]").json()
    assert edited["ad_one_click_task_id"] == film
    assert edited["sub_task_id"].startswith("vidu2.0:")
    sandbox.advance(LONG)
    chosen = newest_records(client, escaped)
    assert edited["sub_task_id"] in chosen["video_task_ids"]
    composed = client.post(
        "/ent/v2/ad-one-click/compose", json={"ad_one_click_task_id": film} | chosen
    ).json()
    sandbox.advance(LONG)
    cuts = detail(client, escaped)["data_records"]["completed_creation_records"]
    assert cuts[-1]["id"] == composed["compose_sub_task_id"]
    assert cuts[-1]["params"] == chosen
    kinds = {(task["kind"], task["is_ordered"]) for task in truth(sandbox)["tasks"]}
    assert ("generate_video", False) in kinds
    assert ("compose", True) in kinds
