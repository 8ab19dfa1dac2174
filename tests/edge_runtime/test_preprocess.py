"""One preprocessing in the house: whatever the manifest says is what the model gets, on every OpenCV."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput, TensorQuantisation
from edge_runtime.blue_first import seen_as_rgb
from edge_runtime.preprocess import Preprocessor, byte_table, prepare, triangle_filter


def drawn(height, width):
    """A smooth picture with an edge: enough structure for a resize to show what it does."""
    y, x = np.mgrid[0:height, 0:width]
    red = 127 + 120 * np.sin(x / 7.0) * np.cos(y / 11.0)
    picture = np.stack([red, (x * 255 / width), 255.0 * ((x // 9 + y // 5) % 2)], axis=-1)
    return picture.astype(np.uint8)


def spec(**changes):
    values = {"tensor": "x", "height_px": 12, "width_px": 20, "dtype": "uint8"}
    values["quantisation"] = {"scale": 1.0, "zero_point": 0}
    return ImageInput(**(values | changes))


# Recorded once; both OpenCV 4 and OpenCV 5 must give these bytes.
RESIZED = {
    ("nearest", "rgb"): "259f6fd95344f0cb",
    ("bilinear", "rgb"): "a3d5c4e3403e1804",
    ("area", "rgb"): "6f43546a308c6f12",
    ("bilinear-antialias", "rgb"): "da7e709185f247fc",
    ("area", "grey"): "74b465e57d8ffc3b",
    ("area", "bgr"): "5f1f9798eabe1c5c",
}


@pytest.mark.parametrize(("resize", "colour"), sorted(RESIZED))
def test_a_resize_gives_the_recorded_bytes_on_every_opencv(resize, colour):
    tensor = prepare(drawn(97, 131), spec(resize=resize, colour=colour, height_px=40, width_px=56))
    assert hashlib.sha256(tensor.tobytes()).hexdigest()[:16] == RESIZED[resize, colour]


@pytest.mark.parametrize(("resize", "colour"), sorted(RESIZED))
@pytest.mark.parametrize("size", [(40, 56), (97, 131)])
def test_a_picture_that_lies_blue_first_becomes_the_same_bytes(resize, colour, size):
    height, width = size
    pixels = drawn(97, 131)
    blue_first = seen_as_rgb(np.ascontiguousarray(pixels[:, :, ::-1]))
    for layout in ("NHWC", "NCHW"):
        wanted = spec(resize=resize, colour=colour, height_px=height, width_px=width, layout=layout, mean=(3.0,))
        for rows in (slice(None), slice(7, 90)):
            red, blue = pixels[rows, 5:120], blue_first[rows, 5:120]
            assert np.array_equal(prepare(blue, wanted), prepare(red, wanted))


@settings(deadline=None)
@given(
    dtype=st.sampled_from(["int8", "uint8", "int16"]),
    scale=st.floats(1e-3, 10),
    zero_point=st.integers(-128, 127),
    mean=st.lists(st.floats(0, 255), min_size=3, max_size=3),
    std=st.lists(st.floats(1, 255), min_size=3, max_size=3),
    layout=st.sampled_from(["NHWC", "NCHW"]),
)
def test_each_byte_becomes_what_the_formula_of_the_manifest_says(dtype, scale, zero_point, mean, std, layout):
    quantisation = TensorQuantisation(scale=scale, zero_point=zero_point)
    wanted = spec(dtype=dtype, mean=mean, std=std, quantisation=quantisation, layout=layout)
    pixels = drawn(12, 20)
    limits = np.iinfo(dtype)
    stored = np.rint((pixels.astype(np.float64) - mean) / std / scale) + zero_point
    expected = np.clip(stored, limits.min, limits.max).astype(dtype)
    if layout == "NCHW":
        expected = np.moveaxis(expected, -1, 0)
    np.testing.assert_array_equal(prepare(pixels, wanted)[0], expected)


def test_camera_bytes_go_into_an_int8_input_bit_by_bit():
    camera = spec(dtype="int8", std=(255.0,), quantisation={"scale": 1 / 255, "zero_point": -128})
    pixels = drawn(12, 20)
    np.testing.assert_array_equal(byte_table(camera)[0], np.arange(-128, 128))
    np.testing.assert_array_equal(prepare(pixels, camera)[0], (pixels ^ 0x80).view(np.int8))


def test_float_inputs_get_real_values():
    tensor = prepare(drawn(12, 20), spec(dtype="float32", quantisation=None, mean=(127.5,), std=(127.5,)))
    assert tensor.dtype == np.float32
    assert tensor.min() >= -1
    assert tensor.max() <= 1


@given(source=st.integers(1, 300), target=st.integers(1, 300))
def test_an_antialiased_resize_keeps_the_mean_brightness(source, target):
    weights = triangle_filter(source, target)
    assert weights.shape == (target, source)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert (weights >= 0).all()


def test_a_region_of_a_larger_picture_is_taken_without_a_copy():
    whole = drawn(120, 160)
    region = whole[30:54, 40:80]
    np.testing.assert_array_equal(prepare(region, spec()), prepare(region.copy(), spec()))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused(pixels):
    with pytest.raises(BadInputError, match="wanted H×W×3 uint8 RGB"):
        prepare(pixels, spec())


def test_a_buffer_of_another_shape_is_refused():
    with pytest.raises(BadInputError, match="wanted a buffer"):
        Preprocessor(spec()).write(drawn(5, 5), np.zeros((1, 2, 2, 3), np.uint8))


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("colour", ["rgb", "grey"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32"])
def test_every_byte_becomes_what_its_channels_table_says(dtype: str, colour: str, layout: str) -> None:
    channels = 1 if colour == "grey" else 3
    quantised = {} if dtype == "float32" else {"quantisation": {"scale": 0.02, "zero_point": 3}}
    spec = ImageInput(
        tensor="image",
        height_px=16,
        width_px=16,
        colour=colour,
        layout=layout,
        dtype=dtype,
        mean=tuple(float(110 + 9 * channel) for channel in range(channels)),
        std=tuple(float(50 + 7 * channel) for channel in range(channels)),
        **quantised,
    )
    pixels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    wanted = np.stack([table[pixels[..., channel]] for channel, table in enumerate(byte_table(spec))], axis=-1)
    out = np.full(spec.shape, 77, np.dtype(dtype))
    Preprocessor(spec).write(pixels, out)
    np.testing.assert_array_equal(out[0] if layout == "NHWC" else np.moveaxis(out[0], 0, -1), wanted)
