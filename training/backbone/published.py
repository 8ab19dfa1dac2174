"""Backbones that others publish: where each lies, its hash and its licence. Nothing of them ships."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from edge_contracts.errors import BadInputError

_CORAL: Final = "https://github.com/google-coral/test_data"
_COMMIT: Final = "104342d2d3480b3e66203073dac24f4e2dbb4c41"


@dataclass(frozen=True, slots=True)
class Published:
    """One file at its publisher's. bytes, sha256: of the file. licence: SPDX; its text lies at `licence_url`."""

    name: str
    title: str
    url: str
    bytes: int
    sha256: str
    licence: str
    licence_url: str


def _of_coral(name: str, title: str, file: str, size: int, sha256: str) -> Published:
    url, licence_url = f"{_CORAL}/raw/{_COMMIT}/{file}", f"{_CORAL}/blob/{_COMMIT}/LICENSE"
    return Published(name, title, url, size, sha256, "Apache-2.0", licence_url)


PUBLISHED: Final = (
    _of_coral(
        "mobilenet-v2",
        "MobileNetV2 1.0, 224 px, ImageNet",
        "tf2_mobilenet_v2_1.0_224_ptq.tflite",
        4_070_174,
        "5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c",
    ),
    _of_coral(
        "mobilenet-v2-birds",
        "MobileNetV2 1.0, 224 px, birds of iNaturalist",
        "mobilenet_v2_1.0_224_inat_bird_quant.tflite",
        3_579_500,
        "350fcd8cf1df1560060d464595dfed8b174b05792788052896004848d9ad04f9",
    ),
    _of_coral(
        "mobilenet-v1-quarter",
        "MobileNetV1 0.25, 128 px, ImageNet",
        "mobilenet_v1_0.25_128_quant.tflite",
        525_598,
        "cb273c23ee76374b05b9583177e28aa19744858a7679c56a250e83d0333da785",
    ),
)


def published_as(name: str) -> Published:
    """The one of that name.

    Raises:
        BadInputError: there is none.
    """
    known = {one.name: one for one in PUBLISHED}
    if name not in known:
        near = get_close_matches(name, known, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BadInputError(f"wanted one of {', '.join(known)}, found {name!r}{meant}")
    return known[name]
