"""Uploaded pictures: hostile ones are refused, the others normalized; frames of clips."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin
from PIL.Image import Transpose

from generations.media import (
    Facts,
    NotMedia,
    RejectReason,
    extract_frame,
    normalize_picture,
    pictures,
)
from generations.media.headers import picture_size_of
from generations.media.pictures import MAX_EDGE, MAX_PIXELS, MIN_EDGE
from tests.media.clips import clip, moving

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


type Normalize = Callable[[bytes], Facts]


@pytest.fixture
def normalize(tmp_path: Path, outdir: Path) -> Normalize:
    """Normalize a file of these bytes."""

    def from_bytes(content: bytes) -> Facts:
        path = tmp_path / "given"
        path.write_bytes(content)
        return normalize_picture(path, outdir)

    return from_bytes


def encoded(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int = 160, height: int = 120) -> Image.Image:
    return moving(width, height)(0)


def noise(width: int, height: int) -> Image.Image:
    """What no codec makes small; the same each time."""
    plain = Image.effect_noise((width, height), 120)
    turned = plain.transpose(Transpose.ROTATE_180)
    return Image.merge("RGB", [plain, turned, plain])


def kept(outdir: Path) -> Image.Image:
    """The picture that was written."""
    (path,) = outdir.glob("picture.*")
    with Image.open(path) as opened:
        opened.load()
        return opened


def rejection(normalize: Normalize, content: bytes) -> RejectReason:
    with pytest.raises(NotMedia) as caught:
        normalize(content)
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
    normalize: Normalize, outdir: Path, kind: str
) -> None:
    facts = normalize(encoded(gradient(1280, 720), kind))
    shape = (facts.media_type, facts.container, facts.width, facts.height)
    assert shape == ("image", "jpeg", 1280, 720)
    assert facts.bytes == (outdir / "picture.jpg").stat().st_size
    assert {path.name for path in outdir.iterdir()} == {"picture.jpg", "thumbnail.webp"}
    with Image.open(outdir / "thumbnail.webp") as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 270))
    assert len(facts.placeholder) < 400


def test_a_small_picture_is_not_blown_up(normalize: Normalize, outdir: Path) -> None:
    normalize(encoded(gradient(64, 48)))
    with Image.open(outdir / "thumbnail.webp") as thumbnail:
        assert thumbnail.size == (64, 48)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_what_is_transparent_stays_so(normalize: Normalize, outdir: Path, kind: str) -> None:
    image = gradient().convert("RGBA")
    image.putpixel((5, 5), (200, 30, 40, 77))
    facts = normalize(encoded(image, kind, lossless=True))
    assert facts.container == "png"
    assert kept(outdir).getpixel((5, 5)) == (200, 30, 40, 77)


def test_a_palette_with_a_transparent_colour_stays_transparent(
    normalize: Normalize, outdir: Path
) -> None:
    image = gradient().convert("P")
    assert normalize(encoded(image, transparency=image.getpixel((3, 3)))).container == "png"
    pixel = kept(outdir).getpixel((3, 3))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


def test_an_opaque_picture_needs_no_png(normalize: Normalize) -> None:
    assert normalize(encoded(gradient().convert("RGBA"))).container == "jpeg"


def test_every_kind_of_pixel_comes_out_in_colour(normalize: Normalize, outdir: Path) -> None:
    for mode in ("1", "L", "P", "RGB", "CMYK"):
        white = Image.new("RGB", (64, 64), "white").convert(mode)
        normalize(encoded(white, "jpeg" if mode == "CMYK" else "png"))
        image = kept(outdir)
        assert (image.mode, image.getpixel((9, 9))) == ("RGB", (255, 255, 255)), mode


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off(
    normalize: Normalize, outdir: Path
) -> None:
    normalize(encoded(Image.new("I;16", (64, 64), 0x8000)))
    pixel = kept(outdir).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert all(abs(value - 128) <= 1 for value in pixel)


def test_the_same_bytes_come_out_for_the_same_bytes(normalize: Normalize, outdir: Path) -> None:
    given = encoded(noise(500, 400), "webp")
    written = []
    for _ in range(2):
        normalize(given)
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
    return encoded(gradient(64, 48), kind, **options)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("transparent", [False, True])
def test_no_word_of_metadata_is_left(
    normalize: Normalize, outdir: Path, kind: str, transparent: bool
) -> None:
    given = with_metadata(kind)
    assert b"Secret" in given
    if transparent and kind != "jpeg":
        with Image.open(io.BytesIO(given)) as opened:
            image, exif = opened.convert("RGBA"), opened.getexif()
        image.putalpha(99)
        image.info["comment"] = image.info["Comment"] = "Secret"
        given = encoded(image, kind, exif=exif)
    normalize(given)
    for path in outdir.iterdir():
        content = path.read_bytes()
        assert not [word for word in (b"Secret", b"Exif", b"eXIf", b"xmp") if word in content]
    image = kept(outdir)
    assert not image.getexif()
    assert not image.getexif().get_ifd(GPS)
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_profile_of_colours_is_applied_and_dropped(normalize: Normalize, outdir: Path) -> None:
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    given = Image.new("RGB", (64, 64), (120, 120, 120))
    normalize(encoded(given, icc_profile=swapped.tobytes()))  # of other colours: it says nothing
    assert kept(outdir).getpixel((9, 9)) == (120, 120, 120)
    profile = linear_profile()
    normalize(encoded(given, icc_profile=profile))
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


def test_a_profile_that_is_none_does_no_harm(normalize: Normalize, outdir: Path) -> None:
    for junk in (b"", b"no profile", b"\0" * 200, b"x" * 70_000):
        normalize(encoded(gradient(), "jpeg", icc_profile=junk))
        assert kept(outdir).size == (160, 120)


TURNED = {  # the inverse of what each orientation asks for (EXIF 2.32 table 4)
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_stands_upright(normalize: Normalize, outdir: Path, kind: str) -> None:
    upright = Image.new("RGB", (80, 60), "black")
    upright.paste("red", (0, 0, 40, 30))
    upright.paste("lime", (40, 0, 80, 30))
    upright.paste("blue", (0, 30, 40, 60))
    for orientation in range(1, 9):
        image = upright.transpose(TURNED[orientation]) if orientation > 1 else upright
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        normalize(encoded(image, kind, exif=exif))
        seen = kept(outdir)
        assert seen.size == (80, 60)
        for point in ((10, 10), (70, 10), (10, 50)):
            assert near(seen.getpixel(point), upright.getpixel(point)), (orientation, point)


def near(found: object, wanted: object) -> bool:
    assert isinstance(found, tuple)
    assert isinstance(wanted, tuple)
    return all(abs(a - b) < 12 for a, b in zip(found, wanted, strict=True))


def test_an_orientation_that_cannot_be_read_is_none(normalize: Normalize, outdir: Path) -> None:
    for junk in (b"", b"II*\0\xff\xff\xff\xff", b"M" * 99):
        normalize(encoded(gradient(), "jpeg", exif=b"Exif\0\0" + junk))
        assert kept(outdir).size == (160, 120)


# ---- Limits ---------------------------------------------------------------------------------


def test_the_longest_side_is_at_most_4096(normalize: Normalize, outdir: Path) -> None:
    for width, height, wanted in [(4096, 64, (4096, 64)), (5000, 250, (MAX_EDGE, 205))]:
        normalize(encoded(Image.new("RGB", (width, height))))
        assert kept(outdir).size == wanted


@pytest.mark.parametrize(("width", "height"), [(MIN_EDGE, 640), (640, MIN_EDGE)])
def test_the_smallest_side_is_exact(normalize: Normalize, width: int, height: int) -> None:
    assert normalize(encoded(Image.new("RGB", (width, height)))).width == width
    less = (width - (width == MIN_EDGE), height - (height == MIN_EDGE))
    assert rejection(normalize, encoded(Image.new("RGB", less))) is RejectReason.TOO_SMALL


def test_fifty_megapixels_are_the_most_and_judged_before_anything_is_decoded(
    normalize: Normalize,
) -> None:
    assert MAX_PIXELS == 10_000 * 5_000
    largest = encoded(Image.new("L", (10_000, 5_000)), compress_level=1)
    assert normalize(largest).width == MAX_EDGE
    more = png_header(10_000, 5_001)  # nothing follows: who decodes it finds it damaged
    assert rejection(normalize, more) is RejectReason.TOO_MANY_PIXELS
    assert rejection(normalize, png_header(10_000, 5_000)) is RejectReason.DAMAGED


@pytest.mark.parametrize("transparent", [False, True])
def test_a_picture_that_no_codec_makes_small_gives_up_detail_until_it_fits(
    tmp_path: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch, transparent: bool
) -> None:
    """In this process and with a limit 25 times smaller: 10 MiB of noise took seconds."""
    assert pictures.MAX_BYTES == 10 * 1024**2
    limit = pictures.MAX_BYTES // 25
    monkeypatch.setattr(pictures, "MAX_BYTES", limit)
    image = noise(480, 480)
    if transparent:
        image.putalpha(128)
    path = tmp_path / "given"
    path.write_bytes(encoded(image, compress_level=1))
    assert path.stat().st_size > limit
    facts = pictures.normalize(path, outdir)
    assert facts.bytes <= limit
    assert facts.bytes > limit / 2, "it gave up more than it had to"
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


def test_another_kind_of_picture_is_told_apart(normalize: Normalize) -> None:
    reasons = {name: rejection(normalize, content) for name, content in OTHERS.items()}
    assert reasons == dict.fromkeys(OTHERS, RejectReason.OTHER_PICTURE)


NO_PICTURES = {
    "nothing": (b"", RejectReason.EMPTY),
    "a page": (b"<!DOCTYPE html><script>alert(1)</script>", RejectReason.PAGE),
    "a playlist": (b"#EXTM3U\n/etc/passwd\n", RejectReason.PLAYLIST),
    "a program": (b"\x7fELF" + bytes(60), RejectReason.UNKNOWN),
    "an icon by its first bytes": (b"\x00\x00\x01", RejectReason.UNKNOWN),
    "an archive": (b"PK\x03\x04" + bytes(60), RejectReason.UNKNOWN),
    "a document": (b"%PDF-1.7\n" + bytes(60), RejectReason.UNKNOWN),
    "a sound": (b"RIFF\x00\x00\x00\x00WAVE" + bytes(60), RejectReason.UNKNOWN),
    "a film": (b"\x00\x00\x00\x18ftypmp42" + bytes(60), RejectReason.UNKNOWN),
    "a jpeg by its first bytes": (b"\xff\xd8\xff<script>alert(1)</script>", RejectReason.DAMAGED),
    "a png by its first bytes": (b"\x89PNG\r\n\x1a\n<svg", RejectReason.DAMAGED),
    "a webp by its first bytes": (b"RIFF\xff\xff\xff\xffWEBPVP8X", RejectReason.DAMAGED),
}


def test_what_is_no_picture_is_told_apart_by_its_content(normalize: Normalize) -> None:
    for name, (content, reason) in NO_PICTURES.items():
        assert rejection(normalize, content) is reason, name


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_what_moves_is_refused(normalize: Normalize, kind: str) -> None:
    frames = [gradient(), noise(160, 120)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert rejection(normalize, content) is RejectReason.ANIMATED


def test_a_jpeg_with_further_pictures_behind_it_is_the_first_one(
    normalize: Normalize, outdir: Path
) -> None:
    others = [Image.new("RGB", (320, 240), "red")]
    normalize(encoded(gradient(), "mpo", save_all=True, append_images=others))
    assert kept(outdir).size == (160, 120)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_that_ends_early_is_damaged(normalize: Normalize, kind: str) -> None:
    content = encoded(noise(200, 200), kind)
    for share in (0.1, 0.5, 0.9):
        beginning = content[: int(len(content) * share)]
        assert rejection(normalize, beginning) is RejectReason.DAMAGED, share


def test_a_bomb_of_a_billion_pixels_is_told_by_its_header(normalize: Normalize) -> None:
    assert rejection(normalize, png_header(40_000, 40_000)) is RejectReason.TOO_MANY_PIXELS
    webp = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + b"\xff" * 6
    assert rejection(normalize, webp) is RejectReason.TOO_MANY_PIXELS
    content = bytearray(encoded(gradient(), "jpeg"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    assert rejection(normalize, bytes(content)) is RejectReason.TOO_MANY_PIXELS


def test_a_bomb_in_a_text_or_a_profile_is_damaged(normalize: Normalize) -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    whole = encoded(gradient())
    head = whole[:33]
    for hidden in (
        chunk(b"zTXt", b"Comment\0\0" + bomb),
        chunk(b"iCCP", b"Profile\0\0" + bomb),
    ):
        assert rejection(normalize, head + hidden + whole[33:]) is RejectReason.DAMAGED


def test_a_header_that_says_less_than_the_decoder_finds_is_damaged(normalize: Normalize) -> None:
    """The size that was judged is the size that is decoded."""
    content = encoded(gradient(400, 300), "jpeg")
    at = content.index(b"\xff\xc0")
    frame = bytearray(content[at : at + 19])
    frame[5:9] = struct.pack(">HH", 64, 64)
    assert rejection(normalize, content[:at] + bytes(frame) + content[at:]) is RejectReason.DAMAGED


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_of_a_file_that_is_two_things_only_the_picture_is_kept(
    normalize: Normalize, outdir: Path, kind: str
) -> None:
    normalize(encoded(gradient(), kind) + b"PK\x03\x04<script>alert(1)</script>")
    content = (outdir / "picture.jpg").read_bytes()
    assert b"PK\x03\x04" not in content
    assert b"<script" not in content


def test_damage_anywhere_is_a_refusal_and_never_a_crash(normalize: Normalize) -> None:
    for kind in ("png", "jpeg", "webp"):
        whole = with_metadata(kind)
        for offset in range(8, len(whole), max(1, len(whole) // 40)):
            content = bytearray(whole)
            content[offset] ^= 0xFF
            try:
                normalize(bytes(content))
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
        assert picture_size_of(path, kind) == image.size
    if kind == "webp":
        path.write_bytes(encoded(gradient(301, 77).convert("RGBA"), kind, exif=b"Exif\0\0II*\0"))
        assert picture_size_of(path, kind) == (301, 77)


# ---- Frames of clips ------------------------------------------------------------------------


def counting(seconds: float) -> Image.Image:
    """Each frame shows its index in eight bars, so that it can be read back."""
    image = Image.new("L", (128, 32))
    for bit in range(8):
        shade = 255 if round(seconds * 24) >> bit & 1 else 0
        image.paste(shade, (16 * bit, 0, 16 * bit + 16, 32))
    return image.convert("RGB")


def frame_index(image: Image.Image) -> int:
    lights = [image.convert("L").getpixel((16 * bit + 8, 16)) for bit in range(8)]
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
def test_the_first_and_the_last_frame_are_exact(
    tmp_path: Path, outdir: Path, codec: str, container: str, options: dict[str, str]
) -> None:
    for frames in (1, 2, 30, 49, 97):
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
            facts = extract_frame(path, outdir, at=at)
            assert (facts.container, facts.width, facts.height) == ("jpeg", 128, 32)
            assert frame_index(kept(outdir)) == wanted


@pytest.mark.parametrize("size", [(160, 90), (1280, 720)])
def test_a_frame_has_the_colours_that_a_player_shows(
    tmp_path: Path, outdir: Path, size: tuple[int, int]
) -> None:
    orange = (230, 120, 40)
    path = clip(tmp_path / "clip", lambda _: Image.new("RGB", size, orange), seconds=0.2)
    extract_frame(path, outdir, at="last")
    assert near(kept(outdir).getpixel((80, 45)), orange)


def test_of_a_clip_that_is_damaged_at_its_end_the_last_good_frame_is_taken(
    tmp_path: Path, outdir: Path
) -> None:
    path = clip(tmp_path / "clip", counting, seconds=2, options={"movflags": "+faststart"})
    content = path.read_bytes()
    at = content.index(b"mdat") + 4
    at += (len(content) - at) * 3 // 4
    path.write_bytes(content[:at] + b"\xa5" * (len(content) - at))
    extract_frame(path, outdir, at="last")
    assert 0 < frame_index(kept(outdir)) <= 47


def test_what_is_no_clip_has_no_frames(tmp_path: Path, outdir: Path) -> None:
    path = tmp_path / "clip.mp4"
    for content in (b"#EXTM3U\n/etc/passwd\n", b"\x00\x00\x00\x18ftypmp42", b""):
        path.write_bytes(content)
        with pytest.raises(NotMedia):
            extract_frame(path, outdir, at="last")


def test_a_picture_has_no_frames(tmp_path: Path, outdir: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(encoded(gradient()))
    with pytest.raises(NotMedia):
        extract_frame(path, outdir, at="first")
