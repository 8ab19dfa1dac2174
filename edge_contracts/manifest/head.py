"""How a network's outputs become boxes or a map of classes: the description of its head, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.manifest.part import Part

_Side = Annotated[float, Field(gt=0, le=16, allow_inf_nan=False)]
_Cells = Annotated[int, Field(ge=1, le=4096)]


class PriorLayer(Part):
    """The priors (anchors) of one feature map: at the centre of each of its cells one box per size.

    The order is row by row, then column by column, then size by size, as SSD writes them.

    Attributes:
        sizes: width and height of each prior as fractions of the model's input.
    """

    rows: _Cells
    columns: _Cells
    sizes: Annotated[tuple[tuple[_Side, _Side], ...], Field(min_length=1, max_length=64)]


class BoxHead(Part):
    """Candidates, one per place: a box and scores each; what is alike is suppressed on the board.

    The candidates come in two outputs with the roles `boxes` (1×N×4) and `class-scores` (1×N×C), or in one with the
    role `candidates`, 1×N×(box, objectness, classes), as YOLO exports have it.

    Attributes:
        axes: `rows` when each candidate is a row of an output, `columns` when it is a column (YOLOv8: 1×(4 + C)×N).
        boxes: `corners` x1 y1 x2 y2; `corners-yx` y1 x1 y2 x2; `centre` x y width height; `priors` offsets from
            `priors`, x y width height by `variances` (SSD); `priors-yx` the same in the order y x height width (the
            TensorFlow detection zoo); `distances` from the cell's centre to the left, upper, right and lower edge, each
            as `bins` logits (YOLOv8 and later without their last layers).
        unit: of `corners` and `centre`: fractions or pixels of the model's input.
        scores: what the class scores are; `sigmoid` and `softmax` are applied here.
        objectness: whether a score stands before the classes that each of them is multiplied with (YOLOv5).
        background: which class column is "nothing"; None where there is none. The labels name the others, in order.
        variances: of a prior's centre and size.
        strides: of `distances`: pixels of the model's input per cell, for each feature map in the outputs' order.
        bins: of `distances`.
        least_score: candidates below it are never looked at; a rule's own limits lie above it.
        overlap: two boxes of one class that share more (intersection over union) are one.
        most: the best so many candidates per class are looked at; a part on which more would count is
            never good. A rule's limits lie below it.
    """

    kind: Literal["boxes"] = "boxes"
    axes: Literal["rows", "columns"] = "rows"
    boxes: Literal["corners", "corners-yx", "centre", "priors", "priors-yx", "distances"]
    unit: Literal["fractions", "pixels"] = "fractions"
    scores: Literal["probabilities", "sigmoid", "softmax"] = "probabilities"
    objectness: bool = False
    background: Annotated[int, Field(ge=0, le=4096)] | None = None
    priors: Annotated[tuple[PriorLayer, ...], Field(max_length=16)] = ()
    variances: tuple[_Side, _Side] = (0.1, 0.2)
    strides: Annotated[tuple[_Cells, ...], Field(max_length=16)] = ()
    bins: Annotated[int, Field(ge=2, le=64)] = 16
    least_score: Annotated[float, Field(gt=0, lt=1)] = 0.1
    overlap: Annotated[float, Field(gt=0, le=1)] = 0.45
    most: Annotated[int, Field(ge=1, le=2000)] = 300

    @property
    def box_values(self) -> int:
        """How many numbers of a candidate tell its box."""
        return 4 * self.bins if self.boxes == "distances" else 4

    @model_validator(mode="after")
    def _is_complete(self) -> BoxHead:
        if self.boxes.startswith("priors") != bool(self.priors):
            raise ValueError(f"boxes as {self.boxes!r} and {len(self.priors)} layers of priors do not go together")
        if (self.boxes == "distances") != bool(self.strides):
            raise ValueError(f"boxes as {self.boxes!r} and {len(self.strides)} strides do not go together")
        return self


class ListedHead(Part):
    """Boxes that the network itself has chosen, as the operator `TFLite_Detection_PostProcess` gives them.

    Outputs: role `boxes` 1×N×4 (y1 x1 y2 x2, fractions), `class-ids` 1×N (from 0), `box-scores` 1×N, `count` 1.
    """

    kind: Literal["listed"] = "listed"


class PixelHead(Part):
    """A class for each place of the picture.

    One output with the role `class-map`: 1×h×w×C (or 1×C×h×w) values of which the largest names the class; 1×h×w×1
    probabilities of label 1 against label 0; or 1×h×w class numbers. Label 0 is the background.

    Attributes:
        values: `scores` are compared with each other; `sigmoid` and `probabilities` are of one class, compared with
            `least_score`; `numbers` are the classes themselves.
    """

    kind: Literal["pixels"] = "pixels"
    layout: Literal["NHWC", "NCHW"] = "NHWC"
    values: Literal["scores", "sigmoid", "probabilities", "numbers"] = "scores"
    least_score: Annotated[float, Field(gt=0, lt=1)] = 0.5


Head = Annotated[BoxHead | ListedHead | PixelHead, Field(discriminator="kind")]
