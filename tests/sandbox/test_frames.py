"""What a clip with pictures shows."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from PIL import Image

from generations.sandbox.clips.encoder import write_clip
from generations.sandbox.clips.frames import FrameRenderer
from generations.sandbox.clips.spec import ClipSpec, digest
from generations.sandbox.pictures import read_picture
from tests.cases import case
from tests.sandbox.stills import BLUE, RED, WHITE, Colour, still


def spec(*colours: Colour, references: bool = False, **order: Any) -> ClipSpec:
    fields = {
        "prompt": "A lighthouse",
        "model": "viduq3-pro",
        "resolution": "360p",
        "duration": 2,
        "seed": 30,
        "pictures": tuple(read_picture(still(320, 180, colour=colour)) for colour in colours),
    }
    return ClipSpec.of(fields | order, references=references)


def shown(asked: ClipSpec, moment: float, x: float = 0.5, y: float = 0.3) -> Colour:
    """The colour at a point and a moment, all from 0.0 to 1.0."""
    image = FrameRenderer(asked).frame(moment).to_image()
    pixel = image.getpixel((int(x * image.width), int(y * image.height)))
    return (pixel[0], pixel[1], pixel[2])


def gradient() -> bytes:
    content = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(content, "jpeg")
    return content.getvalue()


def are_near(first: Colour, second: Colour) -> bool:
    return all(abs(a - b) < 20 for a, b in zip(first, second, strict=True))


def test_a_picture_fills_the_frame() -> None:
    assert are_near(shown(spec(RED), 0.0), RED)
    assert are_near(shown(spec(RED), 0.9, 0.02, 0.02), RED)


def test_the_frame_zooms_into_a_picture() -> None:
    content = BytesIO()
    halves = Image.new("RGB", (320, 180), BLUE)
    halves.paste(RED, (20, 0, 300, 180))
    halves.save(content, "jpeg", quality=95)
    framed = replace(spec(RED), pictures=(content.getvalue(),))
    assert are_near(shown(framed, 0.0, 0.04), BLUE)
    assert are_near(shown(framed, 0.95, 0.04), RED)


def test_two_seeds_show_one_picture_in_two_ways() -> None:
    frames = [
        FrameRenderer(replace(spec(RED), seed=seed, pictures=(gradient(),))).frame(0.9).to_image()
        for seed in (30, 30 * 61)
    ]
    assert frames[0].tobytes() != frames[1].tobytes()


def test_the_first_picture_gives_way_to_the_last() -> None:
    pair = spec(RED, BLUE)
    assert are_near(shown(pair, 0.1), RED)
    assert are_near(shown(pair, 0.5), (115, 30, 115))
    assert are_near(shown(pair, 0.9), BLUE)


def test_references_stand_small_in_a_row() -> None:
    row = spec(RED, BLUE, references=True, aspect_ratio="16:9")
    assert are_near(shown(row, 0.0, 0.12, 0.15), RED)
    assert are_near(shown(row, 0.0, 0.42, 0.15), BLUE)
    assert not are_near(shown(row, 0.0, 0.9, 0.15), BLUE)


def test_the_letters_are_readable_on_a_white_picture() -> None:
    image = FrameRenderer(spec(WHITE)).frame(0.0).to_image().convert("L")
    foot = image.crop((24, 280, 300, 340))
    levels = sorted(foot.tobytes())
    assert levels[-1] > 220
    assert levels[len(levels) // 2] < 130


def test_a_clip_without_a_ratio_takes_that_of_its_picture() -> None:
    for size, expected in [
        ((300, 200), (540, 360)),
        ((200, 300), (360, 540)),
        ((400, 400), (360, 360)),
        ((400, 100), (960, 240)),
    ]:
        with case(size):
            asked = spec(pictures=(read_picture(still(*size)),))
            assert (asked.width, asked.height) == expected


def test_other_pictures_make_another_clip() -> None:
    assert digest(spec(RED)) == digest(spec(RED))
    assert digest(spec(RED)) != digest(spec(BLUE))
    assert digest(spec(RED, BLUE)) != digest(spec(BLUE, RED))


def test_a_clip_with_pictures_has_all_its_frames(tmp_path: Path) -> None:
    asked = spec(RED, BLUE).tiny()
    write_clip(asked, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 8
    assert (frames[0].width, frames[0].height) == (160, 90)
