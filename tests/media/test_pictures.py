"""Pictures that somebody gave: hostile ones refused, the others made our own; frames of clips."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from generations.media import Facts, NotMedia, Reason, take_frame, take_picture
from generations.media.measure import size_of
from generations.media.picture import FEWEST, LONGEST, MOST_BYTES, MOST_PIXELS
from tests.media.clips import clip, moving

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


@pytest.fixture
def outdir(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def take(tmp_path: Path, outdir: Path) -> Callable[[bytes], Facts]:
    """Give a file of these bytes."""

    def given(content: bytes) -> Facts:
        path = tmp_path / "given"
        path.write_bytes(content)
        return take_picture(path, outdir)

    return given


type Take = Callable[[bytes], Facts]


def encoded(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int = 160, height: int = 120) -> Image.Image:
    return moving(width, height)(0)


def noise(width: int, height: int) -> Image.Image:
    """What no codec makes small; the same each time."""
    plain = Image.effect_noise((width, height), 120)
    turned = plain.transpose(Image.Transpose.ROTATE_180)
    return Image.merge("RGB", [plain, turned, plain])


def kept(outdir: Path) -> Image.Image:
    """The picture that was written."""
    (path,) = outdir.glob("picture.*")
    with Image.open(path) as opened:
        opened.load()
        return opened


def refusal(take: Take, content: bytes) -> Reason:
    with pytest.raises(NotMedia) as caught:
        take(content)
    return caught.value.reason


def png_header(width: int, height: int) -> bytes:
    """A PNG that only says how large it is."""
    return b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    )


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + zlib.crc32(name + body).to_bytes(4)


# ---- What is kept ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_is_kept_as_a_jpeg_with_its_thumbnail(
    take: Take, outdir: Path, kind: str
) -> None:
    facts = take(encoded(gradient(1280, 720), kind))
    said = (facts.part, facts.container, facts.width, facts.height)
    assert said == ("image", "jpeg", 1280, 720)
    assert facts.bytes == (outdir / "picture.jpg").stat().st_size
    assert {path.name for path in outdir.iterdir()} == {"picture.jpg", "thumbnail.webp"}
    with Image.open(outdir / "thumbnail.webp") as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 270))
    assert len(facts.placeholder) < 400


def test_a_small_picture_is_not_blown_up(take: Take, outdir: Path) -> None:
    take(encoded(gradient(64, 48)))
    with Image.open(outdir / "thumbnail.webp") as thumbnail:
        assert thumbnail.size == (64, 48)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_what_is_transparent_stays_so(take: Take, outdir: Path, kind: str) -> None:
    image = gradient().convert("RGBA")
    image.putpixel((5, 5), (200, 30, 40, 77))
    facts = take(encoded(image, kind, lossless=True))
    assert facts.container == "png"
    assert kept(outdir).getpixel((5, 5)) == (200, 30, 40, 77)


def test_a_palette_with_a_transparent_colour_stays_transparent(take: Take, outdir: Path) -> None:
    image = gradient().convert("P")
    assert take(encoded(image, transparency=image.getpixel((3, 3)))).container == "png"
    pixel = kept(outdir).getpixel((3, 3))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


def test_an_opaque_picture_needs_no_png(take: Take) -> None:
    assert take(encoded(gradient().convert("RGBA"))).container == "jpeg"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_every_kind_of_pixel_comes_out_in_colour(take: Take, outdir: Path, mode: str) -> None:
    white = Image.new("RGB", (64, 64), "white").convert(mode)
    take(encoded(white, "jpeg" if mode == "CMYK" else "png"))
    image = kept(outdir)
    assert (image.mode, image.getpixel((9, 9))) == ("RGB", (255, 255, 255))


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off(take: Take, outdir: Path) -> None:
    take(encoded(Image.new("I;16", (64, 64), 0x8000)))
    pixel = kept(outdir).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert all(abs(value - 128) <= 1 for value in pixel)


def test_the_same_bytes_come_out_for_the_same_bytes(take: Take, outdir: Path) -> None:
    given = encoded(noise(500, 400), "webp")
    written = []
    for _ in range(2):
        take(given)
        written.append([path.read_bytes() for path in sorted(outdir.iterdir())])
    assert written[0] == written[1]


# ---- Metadata -------------------------------------------------------------------------------


def with_metadata(kind: str) -> bytes:
    exif = Image.Exif()
    exif[MAKE] = "Secret camera"
    exif.get_ifd(GPS)[2] = (22.0, 17.0, 36.0)
    options: dict[str, object] = {"exif": exif, "xmp": b"<x:xmpmeta>Secret words</x:xmpmeta>"}
    if kind == "png":
        options["pnginfo"] = text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "Secret prompt")
    if kind == "jpeg":
        options["comment"] = "Secret prompt"
    return encoded(gradient(), kind, **options)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("transparent", [False, True])
def test_no_word_of_metadata_is_left(
    take: Take, outdir: Path, kind: str, transparent: bool
) -> None:
    given = with_metadata(kind)
    assert b"Secret" in given
    if transparent and kind != "jpeg":
        with Image.open(io.BytesIO(given)) as opened:
            image, exif = opened.convert("RGBA"), opened.getexif()
        image.putalpha(99)
        image.info["comment"] = image.info["Comment"] = "Secret"
        given = encoded(image, kind, exif=exif)
    take(given)
    for path in outdir.iterdir():
        content = path.read_bytes()
        assert not [word for word in (b"Secret", b"Exif", b"eXIf", b"xmp") if word in content]
    image = kept(outdir)
    assert not image.getexif()
    assert not image.getexif().get_ifd(GPS)
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_profile_of_colours_is_applied_and_dropped(take: Take, outdir: Path) -> None:
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    given = Image.new("RGB", (64, 64), (120, 120, 120))
    take(encoded(given, icc_profile=swapped.tobytes()))  # of other colours: it says nothing
    assert kept(outdir).getpixel((9, 9)) == (120, 120, 120)
    profile = linear_profile()
    take(encoded(given, icc_profile=profile))
    image = kept(outdir)
    pixel = image.getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert all(value > 170 for value in pixel), "120 of linear light is far lighter in sRGB"
    assert "icc_profile" not in image.info


def linear_profile() -> bytes:
    """sRGB with its curves straightened: each a tag ``curv`` with a count of none (ICC 10.6)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(profile[128:132])):
        name, offset, length = struct.unpack(">4sII", profile[132 + 12 * index : 144 + 12 * index])
        if name in {b"rTRC", b"gTRC", b"bTRC"}:
            straight = (b"curv" + bytes(8)).ljust(length, b"\0")
            profile[offset : offset + length] = straight
    return bytes(profile)


@pytest.mark.parametrize("junk", [b"", b"no profile", b"\0" * 200, b"x" * 70_000])
def test_a_profile_that_is_none_does_no_harm(take: Take, outdir: Path, junk: bytes) -> None:
    take(encoded(gradient(), "jpeg", icc_profile=junk))
    assert kept(outdir).size == (160, 120)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(take: Take, outdir: Path, kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (160, 120), "black")
    upright.paste("red", (0, 0, 80, 60))
    upright.paste("lime", (80, 0, 160, 60))
    upright.paste("blue", (0, 60, 80, 120))
    back = Image.Transpose
    turned = {  # the inverse of what each value asks for (EXIF 2.32 table 4)
        2: back.FLIP_LEFT_RIGHT,
        3: back.ROTATE_180,
        4: back.FLIP_TOP_BOTTOM,
        5: back.TRANSPOSE,
        6: back.ROTATE_90,
        7: back.TRANSVERSE,
        8: back.ROTATE_270,
    }
    image = upright.transpose(turned[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    take(encoded(image, kind, exif=exif))
    seen = kept(outdir)
    assert seen.size == (160, 120)
    corners = [seen.getpixel(place) for place in ((20, 20), (140, 20), (20, 100))]
    wanted = [upright.getpixel(place) for place in ((20, 20), (140, 20), (20, 100))]
    assert all(near(corner, want) for corner, want in zip(corners, wanted, strict=True))


def near(found: object, wanted: object) -> bool:
    assert isinstance(found, tuple)
    assert isinstance(wanted, tuple)
    return all(abs(a - b) < 12 for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    "junk", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"M" * 99]
)
def test_a_note_of_the_camera_that_cannot_be_read_is_none(
    take: Take, outdir: Path, junk: bytes
) -> None:
    take(encoded(gradient(), "jpeg", exif=junk))
    assert kept(outdir).size == (160, 120)


# ---- Limits ---------------------------------------------------------------------------------


def test_the_longest_side_is_at_most_4096(take: Take, outdir: Path) -> None:
    for width, height, wanted in [(4096, 64, (4096, 64)), (5000, 2500, (LONGEST, 2048))]:
        take(encoded(Image.new("RGB", (width, height))))
        assert kept(outdir).size == wanted


@pytest.mark.parametrize(("width", "height"), [(FEWEST, 640), (640, FEWEST)])
def test_the_smallest_side_is_exact(take: Take, width: int, height: int) -> None:
    assert take(encoded(Image.new("RGB", (width, height)))).width == width
    less = (width - (width == FEWEST), height - (height == FEWEST))
    assert refusal(take, encoded(Image.new("RGB", less))) is Reason.TOO_SMALL


def test_fifty_megapixels_are_the_most_and_judged_before_anything_is_decoded(take: Take) -> None:
    assert MOST_PIXELS == 10_000 * 5_000
    assert take(encoded(Image.new("L", (10_000, 5_000)))).width == LONGEST
    more = png_header(10_000, 5_001)  # nothing follows: who decodes it finds it damaged
    assert refusal(take, more) is Reason.TOO_MANY_PIXELS
    assert refusal(take, png_header(10_000, 5_000)) is Reason.DAMAGED


@pytest.mark.parametrize("transparent", [False, True])
def test_a_picture_that_no_codec_makes_small_gives_up_detail_until_it_fits(
    take: Take, outdir: Path, transparent: bool
) -> None:
    image = noise(2400, 2400)
    if transparent:
        image.putalpha(128)
    given = encoded(image, compress_level=1)
    assert len(given) > MOST_BYTES
    facts = take(given)
    assert facts.bytes <= MOST_BYTES
    assert facts.bytes > MOST_BYTES / 2, "it gave up more than it had to"
    assert kept(outdir).size == (facts.width, facts.height)


# ---- Hostile files --------------------------------------------------------------------------

OTHERS = {
    "gif": encoded(Image.new("P", (64, 64)), "gif"),
    "bmp": encoded(gradient(), "bmp"),
    "tiff": encoded(gradient(), "tiff"),
    "ico": encoded(gradient(), "ico"),
    "avif": b"\x00\x00\x00\x20ftypavif" + bytes(40),
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(40),
    "svg": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "bare svg": b"<SVG></SVG>",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_kind_of_picture_is_told_apart(take: Take, name: str) -> None:
    assert refusal(take, OTHERS[name]) is Reason.OTHER_PICTURE


NO_PICTURES = {
    "nothing": (b"", Reason.EMPTY),
    "a page": (b"<!DOCTYPE html><script>alert(1)</script>", Reason.PAGE),
    "a playlist": (b"#EXTM3U\n/etc/passwd\n", Reason.PLAYLIST),
    "a program": (b"\x7fELF" + bytes(60), Reason.UNKNOWN),
    "an icon by its first bytes": (b"\x00\x00\x01", Reason.UNKNOWN),
    "an archive": (b"PK\x03\x04" + bytes(60), Reason.UNKNOWN),
    "a document": (b"%PDF-1.7\n" + bytes(60), Reason.UNKNOWN),
    "a sound": (b"RIFF\x00\x00\x00\x00WAVE" + bytes(60), Reason.UNKNOWN),
    "a film": (b"\x00\x00\x00\x18ftypmp42" + bytes(60), Reason.UNKNOWN),
    "a jpeg by its first bytes": (b"\xff\xd8\xff<script>alert(1)</script>", Reason.DAMAGED),
    "a png by its first bytes": (b"\x89PNG\r\n\x1a\n<svg", Reason.DAMAGED),
    "a webp by its first bytes": (b"RIFF\xff\xff\xff\xffWEBPVP8X", Reason.DAMAGED),
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_told_apart_by_its_content(take: Take, name: str) -> None:
    content, reason = NO_PICTURES[name]
    assert refusal(take, content) is reason


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_what_moves_is_refused(take: Take, kind: str) -> None:
    frames = [gradient(), noise(160, 120)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert refusal(take, content) is Reason.ANIMATED


def test_a_jpeg_with_further_pictures_behind_it_is_the_first_one(take: Take, outdir: Path) -> None:
    others = [Image.new("RGB", (320, 240), "red")]
    take(encoded(gradient(), "mpo", save_all=True, append_images=others))
    assert kept(outdir).size == (160, 120)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_picture_that_ends_early_is_damaged(take: Take, kind: str, share: float) -> None:
    content = encoded(noise(200, 200), kind)
    assert refusal(take, content[: int(len(content) * share)]) is Reason.DAMAGED


def test_a_bomb_of_a_billion_pixels_is_told_by_its_header(take: Take) -> None:
    assert refusal(take, png_header(40_000, 40_000)) is Reason.TOO_MANY_PIXELS
    webp = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + b"\xff" * 6
    assert refusal(take, webp) is Reason.TOO_MANY_PIXELS
    content = bytearray(encoded(gradient(), "jpeg"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    assert refusal(take, bytes(content)) is Reason.TOO_MANY_PIXELS


def test_a_bomb_in_a_text_or_a_profile_is_damaged(take: Take) -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    whole = encoded(gradient())
    head = whole[:33]
    for hidden in (
        chunk(b"zTXt", b"Comment\0\0" + bomb),
        chunk(b"iCCP", b"Profile\0\0" + bomb),
    ):
        assert refusal(take, head + hidden + whole[33:]) is Reason.DAMAGED


def test_a_header_that_says_less_than_the_decoder_finds_is_damaged(take: Take) -> None:
    """The size that was judged is the size that is decoded."""
    content = encoded(gradient(400, 300), "jpeg")
    at = content.index(b"\xff\xc0")
    frame = bytearray(content[at : at + 19])
    frame[5:9] = struct.pack(">HH", 64, 64)
    assert refusal(take, content[:at] + bytes(frame) + content[at:]) is Reason.DAMAGED


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_of_a_file_that_is_two_things_only_the_picture_is_kept(
    take: Take, outdir: Path, kind: str
) -> None:
    take(encoded(gradient(), kind) + b"PK\x03\x04<script>alert(1)</script>")
    content = (outdir / "picture.jpg").read_bytes()
    assert b"PK\x03\x04" not in content
    assert b"<script" not in content


def test_damage_anywhere_is_a_refusal_and_never_a_crash(take: Take) -> None:
    for kind in ("png", "jpeg", "webp"):
        whole = with_metadata(kind)
        for place in range(8, len(whole), max(1, len(whole) // 60)):
            content = bytearray(whole)
            content[place] ^= 0xFF
            try:
                take(bytes(content))
            except NotMedia:
                continue


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"progressive": True}])
def test_the_size_in_the_header_is_the_pictures(
    tmp_path: Path, kind: str, options: dict[str, object]
) -> None:
    path = tmp_path / "given"
    for image in (gradient(301, 77), gradient(77, 301).convert("LA").convert("RGB")):
        path.write_bytes(encoded(image, kind, **options))
        assert size_of(path, kind) == image.size
    if kind == "webp":
        path.write_bytes(encoded(gradient(301, 77).convert("RGBA"), kind, exif=b"Exif\0\0II*\0"))
        assert size_of(path, kind) == (301, 77)


# ---- Frames of clips ------------------------------------------------------------------------


def counting(seconds: float) -> Image.Image:
    """Each frame shows its number in eight bars, so that it is known again."""
    image = Image.new("L", (160, 90))
    for bit in range(8):
        shade = 255 if round(seconds * 24) >> bit & 1 else 0
        image.paste(shade, (20 * bit, 0, 20 * bit + 20, 90))
    return image.convert("RGB")


def number_of(image: Image.Image) -> int:
    lights = [image.convert("L").getpixel((20 * bit + 10, 45)) for bit in range(8)]
    return sum(
        1 << bit for bit, light in enumerate(lights) if isinstance(light, int) and light > 99
    )


CODECS = [
    ("libx264", "mp4", {}),
    ("libx264", "mp4", {"movflags": "+faststart"}),
    ("libx264", "matroska", {}),
    ("libvpx-vp9", "webm", {}),
]


@pytest.mark.parametrize(("codec", "container", "options"), CODECS)
@pytest.mark.parametrize("frames", [1, 2, 30, 49, 97])
def test_the_first_and_the_last_frame_are_exact(
    tmp_path: Path, outdir: Path, codec: str, container: str, options: dict[str, str], frames: int
) -> None:
    path = clip(
        tmp_path / "clip",
        counting,
        seconds=frames / 24,
        codec=codec,
        container=container,
        options=options,
        sound=container == "mp4",
    )
    for at, wanted in (("first", 0), ("last", frames - 1)):
        facts = take_frame(path, outdir, at=at)
        assert (facts.container, facts.width, facts.height) == ("jpeg", 160, 90)
        assert number_of(kept(outdir)) == wanted


@pytest.mark.parametrize("size", [(160, 90), (1280, 720)])
def test_a_frame_has_the_colours_that_a_player_shows(
    tmp_path: Path, outdir: Path, size: tuple[int, int]
) -> None:
    orange = (230, 120, 40)
    path = clip(tmp_path / "clip", lambda _: Image.new("RGB", size, orange), seconds=0.5)
    take_frame(path, outdir, at="last")
    assert near(kept(outdir).getpixel((80, 45)), orange)


def test_of_a_clip_that_is_damaged_at_its_end_the_last_good_frame_is_taken(
    tmp_path: Path, outdir: Path
) -> None:
    path = clip(tmp_path / "clip", counting, seconds=2, options={"movflags": "+faststart"})
    content = path.read_bytes()
    at = content.index(b"mdat") + 4
    at += (len(content) - at) * 3 // 4
    path.write_bytes(content[:at] + b"\xa5" * (len(content) - at))
    take_frame(path, outdir, at="last")
    assert 0 < number_of(kept(outdir)) <= 47


@pytest.mark.parametrize("content", [b"#EXTM3U\n/etc/passwd\n", b"\x00\x00\x00\x18ftypmp42", b""])
def test_what_is_no_clip_has_no_frames(tmp_path: Path, outdir: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(NotMedia):
        take_frame(path, outdir, at="last")


def test_a_picture_has_no_frames(tmp_path: Path, outdir: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(encoded(gradient()))
    with pytest.raises(NotMedia):
        take_frame(path, outdir, at="first")
