"""Pictures of an order: decoded or downloaded, checked, and kept small."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from generations.sandbox import pictures
from generations.sandbox.pictures import PictureError, read_picture
from tests.cases import case
from tests.sandbox.stills import encoded, still


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/a.png")
            self.end_headers()
        else:
            super().do_GET()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def problem_of(url: str) -> str:
    with pytest.raises(PictureError) as caught:
        read_picture(url)
    return caught.value.problem


def test_a_data_uri_is_decoded_and_checked_by_its_content() -> None:
    for kind in ("png", "jpeg", "webp"):
        with case(kind):
            picture = read_picture(still(300, 200, kind))
            assert (picture.width, picture.height, picture.format) == (300, 200, kind)
            assert Image.open(BytesIO(picture.content)).format == "JPEG"


def test_a_picture_is_kept_small() -> None:
    picture = read_picture(still(2600, 1300))
    assert (picture.width, picture.height) == (2600, 1300)
    assert Image.open(BytesIO(picture.content)).size == (1280, 640)


def test_a_photo_that_lies_on_its_side_is_set_upright() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = read_picture(still(300, 200, "jpeg", exif=exif))
    assert (picture.width, picture.height) == (200, 300)
    assert Image.open(BytesIO(picture.content)).size == (200, 300)


def test_a_ratio_of_four_to_one_is_the_limit() -> None:
    for largest, too_much in [((400, 100), (401, 100)), ((100, 400), (100, 401))]:
        with case(largest):
            assert read_picture(still(*largest)).width == largest[0]
            assert problem_of(still(*too_much)) == "ratio"


PROBLEMS = [
    ("data:image/gif;base64,R0lGODlhAQABAAAAACw=", "format"),
    ("data:image/png;base64,not Base64", "format"),
    ("data:image/png;base64,R0lGODlhAQABAAAAACw=", "format"),
    (still(64, 64)[:150] + "==", "format"),
    ("http://127.0.0.1:9/nobody.png", "download"),
    ("https://cdn.example/a.png", "download"),
    ("ftp://127.0.0.1/a.png", "download"),
    ("http://[::1", "download"),
    ("a lighthouse", "download"),
]


def test_what_is_no_picture_is_refused_with_a_problem() -> None:
    for url, problem in PROBLEMS:
        with case(url[:60]):
            assert problem_of(url) == problem


def test_an_address_of_this_machine_is_downloaded_without_redirects(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(64, 48))
    (tmp_path / "page.png").write_text("<html>")
    with serving(tmp_path) as url:
        assert read_picture(f"{url}/a.png").width == 64
        assert problem_of(f"{url}/page.png") == "format"
        assert problem_of(f"{url}/missing.png") == "download"
        assert problem_of(f"{url}/away") == "download"


def test_a_picture_over_50_megabytes_is_too_large(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.touch()
    with large.open("r+b") as file:
        file.truncate(pictures.MAX_BYTES + 1)
    with serving(tmp_path) as url:
        assert problem_of(f"{url}/large.png") == "size"
