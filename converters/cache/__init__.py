"""What earlier conversions computed, kept by what it was computed from: a second run costs only what changed."""

from converters.cache.steps import StepCache, StepRun
from converters.cache.store import Store, default_store

__all__ = ["StepCache", "StepRun", "Store", "default_store"]
