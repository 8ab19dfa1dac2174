"""What a station kept calibrates the next model: the parts as they were judged, no drawn heat map, no label."""

import cv2
import numpy as np

from converters.calibration.recorded_frames import is_overlay, is_recorded, read_judged
from converters.calibration.samples import find_calibration, read_samples
from edge_contracts.alert import EvidenceKind
from edge_contracts.manifest import ImageInput
from edge_contracts.station import EvidenceSettings, Region
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.evidence import EvidenceStore
from edge_runtime.inspection.region import cut
from edge_runtime.occasion import Inspected
from tests.fakes.parts import frame, verdict

REGION = Region(x=0.25, y=0.5, width=0.5, height=0.25)
SPEC = ImageInput(tensor="in", height_px=16, width_px=16, dtype="float32", std=(255.0,))


def record(folder, count):
    """As the daemon does it: a picture and its heat map per alert."""
    store = EvidenceStore(folder, EvidenceSettings())
    kept = []
    for number in range(count):
        heat = np.random.default_rng(number).random((4, 4), np.float32)
        kept += store.keep(Inspected(verdict(), frame(number=number), heat, REGION))
    return [(piece.kind, store.path_of(piece.sha256)) for piece in kept]


def test_pictures_are_taken_as_they_were_judged_and_heat_maps_are_left_out(tmp_path):
    kept = record(tmp_path, 3)
    assert [is_overlay(path) for _, path in kept] == [kind is EvidenceKind.HEAT_MAP for kind, _ in kept]
    found = find_calibration(tmp_path)
    assert found.sentence.startswith("3 pictures from")
    samples = list(read_samples(found, SPEC))
    assert {sample.label for sample in samples} == {""}
    by_name = {path.name: path for kind, path in kept if kind is EvidenceKind.IMAGE}
    for sample in samples:
        assert np.array_equal(sample.pixels, cut(read_picture(by_name[sample.name]), REGION))


def test_pictures_of_other_origin_are_taken_whole_with_their_label(tmp_path):
    (tmp_path / "good").mkdir()
    path = tmp_path / "good" / "part.jpg"
    cv2.imwrite(str(path), np.full((40, 60, 3), 99, np.uint8))
    assert not is_recorded(path)
    assert read_judged(path).shape == (40, 60, 3)
    (sample,) = read_samples(find_calibration(tmp_path), SPEC)
    assert sample.label == "good"
