"""Every kind of input that a model may have."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from edge_contracts.manifest.input import ImageInput, TensorInput
from edge_contracts.manifest.signal_input import SeriesInput, SoundInput

ModelInput: TypeAlias = Annotated[
    ImageInput | TensorInput | SoundInput | SeriesInput,
    Field(discriminator="kind"),
]
