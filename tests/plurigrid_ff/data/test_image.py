import io
import struct
import warnings
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plurigrid_ff.data import image
from plurigrid_ff.data.image import decode_image, quiet_decoding
from plurigrid_ff.errors import DataError

GREY = np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8)
COLOUR = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)


def saved(picture, form="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def decode(content, **options):
    return decode_image(content, where="a.png", **options)


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF", "PPM"])
def test_greyscale_has_one_channel(to_image, form):
    expected = GREY if form != "GIF" else None

    pixels = decode(to_image(GREY, form))

    assert pixels.dtype == np.uint8
    if expected is not None:
        np.testing.assert_array_equal(pixels, GREY[None])


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_colour_has_three_channels_first(to_image, form):
    np.testing.assert_array_equal(decode(to_image(COLOUR, form)), COLOUR.transpose(2, 0, 1))


def test_jpeg_is_decoded_closely(to_image):
    flat = np.full((16, 16, 3), 90, np.uint8)

    assert np.abs(decode(to_image(flat, "JPEG")).astype(int) - 90).max() <= 2


def test_a_palette_gives_its_colours():
    picture = Image.fromarray(COLOUR).convert("P", palette=Image.Palette.ADAPTIVE)

    np.testing.assert_array_equal(decode(saved(picture)), COLOUR.transpose(2, 0, 1))


def test_two_levels_are_black_and_white():
    picture = Image.fromarray(GREY > 100)

    np.testing.assert_array_equal(decode(saved(picture)), 255 * (GREY[None] > 100))


def test_transparent_pixels_lie_over_black():
    alpha = np.array([[0, 255, 128]], dtype=np.uint8)
    grey = Image.fromarray(np.stack([np.full_like(alpha, 200), alpha], axis=-1), "LA")
    colour = Image.merge("RGBA", [grey.getchannel(0)] * 3 + [grey.getchannel(1)])

    assert decode(saved(grey)).tolist() == [[[0, 200, 100]]]
    assert decode(saved(colour)).tolist() == [[[0, 200, 100]]] * 3


def test_a_transparent_value_lies_over_black_too():
    assert decode(saved(Image.fromarray(GREY), transparency=204)).tolist() == [
        [[0, 51, 102], [153, 0, 255]]
    ]


def test_resizing_averages_over_what_becomes_one_pixel(to_image):
    halves = np.repeat(np.array([[0, 200]], np.uint8), 8, axis=1).repeat(16, axis=0)

    pixels = decode(to_image(halves), size=4)

    assert pixels.shape == (1, 4, 4)
    assert pixels[0, 0, 0] < 40
    assert pixels[0, 0, 3] > 160
    assert pixels.mean() == pytest.approx(100, abs=2)


def test_an_image_of_the_right_size_is_not_touched(to_image):
    square = np.arange(16, dtype=np.uint8).reshape(4, 4)

    np.testing.assert_array_equal(decode(to_image(square), size=4), square[None])


def test_sixteen_bits_are_refused(to_image):
    with pytest.raises(DataError, match="expected 8 bits per channel, got pixels of mode 'I;16'"):
        decode(to_image(GREY.astype(np.uint16)))


def test_several_images_in_one_are_refused():
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)

    with pytest.raises(DataError, match="holds several images"):
        decode(saved(first, "GIF", save_all=True, append_images=[second]))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF"])
def test_a_truncated_image_is_refused_by_name(to_image, form):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    content = to_image(noise, form)

    with pytest.raises(DataError, match=r"^a\.png: damaged or no image"):
        decode(content[: len(content) // 2])


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_what_is_no_image_is_refused_without_its_address(content):
    with pytest.raises(DataError, match="damaged or no image") as caught:
        decode(content)

    assert "0x" not in str(caught.value)


def png_that_claims(width, height):
    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8193, 12_000, 60_000])
def test_a_header_that_claims_a_huge_image_is_refused_at_once(side):
    with quiet_decoding(), pytest.raises(DataError, match="expected at most 67108864 pixels"):
        decode(png_that_claims(side, side))


def test_the_limit_counts_pixels(to_image, monkeypatch):
    monkeypatch.setattr(image, "MAX_PIXELS", 5)

    with pytest.raises(DataError, match="expected at most 5 pixels, got 3x2"):
        decode(to_image(GREY))


def test_pillows_warnings_stay_quiet():
    with quiet_decoding(), warnings.catch_warnings(record=True) as seen:
        warnings.filterwarnings("ignore", category=Warning, message=r"Image size \(")
        with suppress(DataError):
            decode(png_that_claims(12_000, 12_000))

    assert seen == []


@given(
    form=st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "TIFF", "PPM", "WEBP"]),
    changes=st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 300),
)
def test_damage_raises_nothing_but_a_data_error(to_image, form, changes, cut):
    content = bytearray(to_image(COLOUR, form))
    for place, value in changes:
        content[place % len(content)] = value

    with quiet_decoding(), suppress(DataError):
        pixels = decode(bytes(content[: len(content) - cut]))
        assert (pixels.dtype, pixels.ndim) == (np.uint8, 3)
