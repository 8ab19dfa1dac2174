"""Whatever the user has, as a float bundle in memory."""

from converters.load.description import Description
from converters.load.model import EXPORT, LOWER, load_model, sample_axes, used_input_size

__all__ = ["EXPORT", "LOWER", "Description", "load_model", "sample_axes", "used_input_size"]
