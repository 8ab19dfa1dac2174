"""Altered copies of samples, by a declared recipe: the same recipe, samples and seed give the same bytes."""

from __future__ import annotations

from training.augmentation.augment import augment_picture, augment_sound
from training.augmentation.recipe import Recipe, read_recipe
from training.augmentation.view import View, view_of

__all__ = ["Recipe", "View", "augment_picture", "augment_sound", "read_recipe", "view_of"]
