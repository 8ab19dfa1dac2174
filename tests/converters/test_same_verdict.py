"""One picture, one verdict: how it came, as a file, from a camera or as an upload, changes no bit of the model's input.

Resize method, colour order and layout travel in the manifest, and every way ends in the same H×W×3 RGB pixels.
"""

import threading

import cv2
import numpy as np
import pytest

from converters.conversion import convert
from converters.load import Description
from edge_runtime.capture.folder import FolderSource
from edge_runtime.capture.picture_file import decode_picture, read_picture
from edge_runtime.capture.video import VideoSource
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Ruling
from edge_runtime.preprocess import prepare
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.usefixtures("warm_children")

PICTURES = ("grace_hopper", "cat", "sunflower")


@pytest.fixture(scope="module")
def detector(data, tmp_path_factory):
    """The person detector for a Raspberry Pi 4, trained on pictures reduced with an antialiased filter."""
    folder = tmp_path_factory.mktemp("person")
    said = Description(labels=("empty", "person"), good=("empty",), resize="bilinear-antialias")
    calibration = folder / "pictures"
    calibration.mkdir()
    for path in sorted((data / "coral-test-data").glob("*.bmp")):
        cv2.imwrite(str(calibration / f"{path.stem}.png"), cv2.resize(cv2.imread(str(path)), (240, 180)))
    model = data / "mlperf-tiny/vww_96_float.tflite"
    done = convert(
        model, profile="rpi-4b", calibration=calibration, out=folder / "p.bundle", description=said, force=True
    )
    return Predictor.open(done.path)


@pytest.fixture(params=PICTURES)
def picture(request, data):
    pixels = read_picture(data / "coral-test-data" / f"{request.param}.bmp")
    # OpenCV's film writer wants even sides.
    return np.ascontiguousarray(pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2])


def from_file(pixels, folder):
    cv2.imwrite(str(folder / "part.png"), pixels[..., ::-1])
    return taken_from(FolderSource(folder, FakeClock()))


def from_film(pixels, folder):
    """What an industrial camera's recorder writes: every frame whole, none of its bits lost."""
    height, width = pixels.shape[:2]
    path = folder / "line.avi"
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"png "), 5, (width, height))
    assert film.isOpened()
    film.write(np.ascontiguousarray(pixels[..., ::-1]))
    film.release()
    return taken_from(VideoSource(path, FakeClock(), threading.Event(), paced=False, repeat=False))


def from_driver(pixels, _folder):
    """What a camera's driver hands over: blue first, rows padded to 64 bytes; nothing is copied to mend that."""
    height, width = pixels.shape[:2]
    row_bytes = -(-3 * width // 64) * 64
    buffer = np.full((height, row_bytes), 0xA5, np.uint8)
    buffer[:, : 3 * width] = pixels[..., ::-1].reshape(height, -1)
    view = np.lib.stride_tricks.as_strided(buffer, pixels.shape, (row_bytes, 3, 1))
    return view[..., ::-1]


def from_upload(pixels, _folder):
    encoded, content = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))
    assert encoded
    return decode_picture(bytes(content), "upload")


def taken_from(source):
    source.open()
    source.advance()
    pixels = source.reading().pixels
    source.close()
    return pixels


WAYS = {"file": from_file, "film": from_film, "driver": from_driver, "upload": from_upload}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_bits_and_the_same_verdict(detector, picture, way, tmp_path):
    came = WAYS[way](picture, tmp_path)
    assert np.array_equal(came, picture)
    assert np.array_equal(detector.stored(came), detector.stored(picture))
    ruling = Ruling(detector.manifest.rule, detector.manifest.labels)
    assert decide(detector.predict(came), ruling) == decide(detector.predict(picture), ruling)


def test_the_model_sees_what_the_manifest_says_and_nothing_else_would_do(detector, picture):
    spec = detector.manifest.input
    assert (spec.resize, spec.colour, spec.layout) == ("bilinear-antialias", "rgb", "NHWC")
    assert np.array_equal(detector.stored(picture), prepare(picture, spec))
    for change in ({"resize": "bilinear"}, {"resize": "area"}, {"resize": "nearest"}, {"colour": "bgr"}):
        other = prepare(picture, spec.model_copy(update=change))
        assert not np.array_equal(detector.stored(picture), other)
