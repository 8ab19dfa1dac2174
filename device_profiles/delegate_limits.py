"""The limits of an accelerator's rule as data: each field is one limit, and `device_profiles.placement` checks each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from device_profiles.figures import SourceKey, Table

TypeName = Literal[
    "int4", "int8", "uint8", "int16", "uint16", "int32", "int64", "float16", "float32", "float64", "bool", "bfloat16"
]
OptionValue = bool | int | float | str
Count = Annotated[int, Field(ge=0)]
Types = tuple[TypeName, ...]
Places = tuple[Count, ...]
Sizes = tuple[Count, ...]


class TensorLimits(Table):
    """What the tensors of an operator must keep to, whatever the operator does."""

    types: Annotated[Types | None, Field(description="types of activations")] = None
    stored_types: Annotated[Types | None, Field(description="types of every tensor, constants too")] = None
    input_types: Annotated[
        dict[str, Types] | None, Field(description="types of single inputs, by their place from 0")
    ] = None
    output_types: Annotated[Types | None, Field(description="types of outputs")] = None
    same_types: Annotated[Places, Field(description="places of inputs that must have the type of the first")] = ()
    one_type: Annotated[bool, Field(description="all that flows in and out has one type")] = False
    weight_types: Annotated[
        dict[str, Types] | None, Field(description="types of the weights, input 1, by the type of the output")
    ] = None
    quantised_bytes: Annotated[bool, Field(description="an int8 or uint8 activation must have a scale")] = False
    per_tensor_inputs: Annotated[Places, Field(description="places of inputs that must be quantised per tensor")] = ()
    per_tensor_outputs: Annotated[bool, Field(description="outputs must be quantised per tensor")] = False
    fixed_shapes: Annotated[bool, Field(description="no axis may be left open")] = False
    filled_axes: Annotated[bool, Field(description="no axis may have the length 0")] = False
    min_rank: Annotated[Count | None, Field(description="fewest axes of any activation")] = None
    max_rank: Annotated[Count | None, Field(description="most axes of any activation")] = None
    same_rank: Annotated[Places, Field(description="places of inputs with as many axes as the first")] = ()
    max_inner_axes: Annotated[
        Count | None, Field(description="axes longer than 1 may only be so many innermost ones")
    ] = None
    max_vector: Annotated[
        Count | None, Field(description="the input has one axis longer than 1, and it is no longer than this")
    ] = None
    vector_output: Annotated[bool, Field(description="the output has at most one axis longer than 1")] = False
    vector_inputs: Annotated[
        Places, Field(description="places of inputs of which only the innermost axis may be longer than 1")
    ] = ()
    leading_ones: Annotated[
        bool, Field(description="every axis of length 1 of the input comes before the longer ones")
    ] = False
    max_height_width: Annotated[Count | None, Field(description="longest axis of an activation but the first")] = None
    batch_of_one: Annotated[bool, Field(description="the first axis of an activation is no longer than 1")] = False
    keeps_batch_from_rank: Annotated[
        Count | None, Field(description="where the input has so many axes, its first is as long as the output's first")
    ] = None
    constant_inputs: Annotated[Places, Field(description="places of inputs that must be constants")] = ()
    zero_inputs: Annotated[Places, Field(description="places of inputs whose values must all be 0")] = ()
    one_inputs: Annotated[Places, Field(description="places of inputs whose values must all be 1")] = ()
    zero_constant_of_two: Annotated[
        bool, Field(description="a constant among the inputs is all zeros, and one of two inputs")
    ] = False
    max_outputs: Annotated[Count | None, Field(description="most outputs that the operator may have")] = None


class Limits(TensorLimits):
    """What an operator must keep to; an absent limit limits nothing.

    A limit that the file does not tell enough to check (an open axis, a type that nothing infers) is not kept: the
    operator is unknown.

    Attributes:
        source: what says so; absent where the rule's own source does.
    """

    spares_batch: Annotated[
        bool, Field(description="the axes that the operator works on leave out the first, the batch")
    ] = False
    reduced_channels_multiple: Annotated[
        Count | None, Field(description="where the last axis is reduced, its length is a multiple of this")
    ] = None
    spatial_dimensions: Annotated[
        Sizes, Field(description="how many axes the first input may have besides batch and channels")
    ] = ()
    kernel_strides: Annotated[
        dict[str, Sizes] | None,
        Field(description="strides that a kernel may have, the same along each axis, by the length of its equal sides"),
    ] = None
    dilations: Annotated[Sizes, Field(description="dilations that each spatial axis may have")] = ()
    equal_dilations: Annotated[bool, Field(description="one dilation for every spatial axis")] = False
    grouped_batch_of_one: Annotated[
        bool, Field(description="a convolution whose weights have fewer channels than its input has a batch of 1")
    ] = False
    max_whole_scale: Annotated[
        Count | None, Field(description="a resize enlarges each axis by a whole factor, and by no more than this")
    ] = None
    options: Annotated[
        dict[str, tuple[OptionValue, ...]] | None, Field(description="allowed values of the operator's options")
    ] = None
    max_options: Annotated[dict[str, float] | None, Field(description="largest values of the operator's options")] = (
        None
    )
    exclusive_options: Annotated[
        tuple[str, ...], Field(description="options of which no more than one may be set")
    ] = ()
    source: SourceKey | None = None
