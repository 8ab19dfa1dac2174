"""The bundle's manifest: everything that a board must know to feed a model and to read what it says.

Preprocessing is data here because it moves accuracy by whole points. The manifest lists every file of the bundle that
forms its identity with its hash, so the SHA-256 of `manifest.json` is the bundle's digest.
"""

from edge_contracts.manifest.golden import Golden, GoldenSet
from edge_contracts.manifest.head import BoxHead, ListedHead, PixelHead, PriorLayer
from edge_contracts.manifest.input import ImageInput, TensorInput, TensorQuantisation
from edge_contracts.manifest.manifest import MANIFEST_VERSION, MODEL_PATHS, FileEntry, Manifest, ProvenanceStep
from edge_contracts.manifest.model_input import ModelInput
from edge_contracts.manifest.output import Output
from edge_contracts.manifest.part import Dtype, Finite, MemberPath, Part, Shape
from edge_contracts.manifest.rule import AnomalyRule, AreaLimit, AreaRule, BoxLimit, BoxRule, ClassRule, MapRule, NoRule
from edge_contracts.manifest.score_reference import ScoreReference
from edge_contracts.manifest.signal_input import Level, MelBands, SeriesInput, SoundInput, Spectrum

__all__ = [
    "MANIFEST_VERSION",
    "MODEL_PATHS",
    "AnomalyRule",
    "AreaLimit",
    "AreaRule",
    "BoxHead",
    "BoxLimit",
    "BoxRule",
    "ClassRule",
    "Dtype",
    "FileEntry",
    "Finite",
    "Golden",
    "GoldenSet",
    "ImageInput",
    "Level",
    "ListedHead",
    "Manifest",
    "MapRule",
    "MelBands",
    "MemberPath",
    "ModelInput",
    "NoRule",
    "Output",
    "Part",
    "PixelHead",
    "PriorLayer",
    "ProvenanceStep",
    "ScoreReference",
    "SeriesInput",
    "Shape",
    "SoundInput",
    "Spectrum",
    "TensorInput",
    "TensorQuantisation",
]
