"""What a model is fed with, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.manifest.part import Dtype, Finite, Part, Shape


class TensorQuantisation(Part):
    """real = scale × (stored − zero_point), one pair for the whole tensor."""

    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    zero_point: int


class ImageInput(Part):
    """A picture: the camera's H×W×3 uint8 RGB frame becomes the model's input by these rules and no others.

    The frame is cut to the station's region, brought to `height_px` × `width_px` with `resize`, put in `colour`
    order; each byte p of channel c becomes (p − mean[c]) / std[c], is quantised if `quantisation` is given, and stored
    as `dtype`.

    Attributes:
        resize: nearest, bilinear (two samples per axis), area (box average), bilinear-antialias (triangle filter
            widened by the reduction).
        fit: stretch ignores the aspect; nothing else exists yet.
        layout: order of the axes of the model's input tensor; the batch is 1.
    """

    kind: Literal["image"] = "image"
    tensor: str
    height_px: Annotated[int, Field(ge=1, le=8192)]
    width_px: Annotated[int, Field(ge=1, le=8192)]
    colour: Literal["rgb", "bgr", "grey"] = "rgb"
    resize: Literal["nearest", "bilinear", "area", "bilinear-antialias"] = "area"
    fit: Literal["stretch"] = "stretch"
    layout: Literal["NHWC", "NCHW"] = "NHWC"
    dtype: Dtype
    mean: tuple[Finite, ...] = (0.0,)
    std: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = (1.0,)
    quantisation: TensorQuantisation | None = None

    @property
    def channels(self) -> int:
        """Channels of the model's input: 1 for grey, else 3."""
        return 1 if self.colour == "grey" else 3

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The input tensor's shape, batch first."""
        if self.layout == "NHWC":
            return (1, self.height_px, self.width_px, self.channels)
        return (1, self.channels, self.height_px, self.width_px)

    @model_validator(mode="after")
    def _per_channel_values_fit(self) -> ImageInput:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in {1, self.channels}:
                raise ValueError(f"wanted 1 or {self.channels} values of {name}, found {len(values)}")
        if (self.dtype == "float32") == (self.quantisation is not None):
            raise ValueError(f"an input of {self.dtype} {'has no' if self.quantisation else 'needs a'} quantisation")
        return self


class TensorInput(Part):
    """Numbers that need no picture: sensor windows, spectrograms, features; given in real units, float32.

    With `quantisation` the predictor quantises real values; values that already have `dtype` go in as they are.
    """

    kind: Literal["tensor"] = "tensor"
    tensor: str
    shape: Shape
    dtype: Dtype
    quantisation: TensorQuantisation | None = None
