"""A recipe of augmentation: what may change and by how much, as a TOML file says.

Every figure is a bound: a copy draws its own value between none and that much. What a recipe does not name does not
change.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.station.settings import Fraction, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

    from training.dataset.listing import Medium

Share = Annotated[float, Field(ge=0, le=0.9)]


class Geometry(Settings):
    """How a part may lie otherwise. Edges are mirrored; boxes and masks follow."""

    rotate_deg: Annotated[float, Field(ge=0, le=180, description="turned, to either side")] = 0.0
    shift: Annotated[float, Field(ge=0, le=0.5, description="moved, of width and height, to any side")] = 0.0
    scale: Annotated[float, Field(ge=0, le=0.5, description="larger or smaller")] = 0.0
    shear_deg: Annotated[float, Field(ge=0, le=45, description="slanted, to either side")] = 0.0
    flip: Annotated[
        Literal["none", "horizontal", "vertical", "both"], Field(description="mirrored, every second time")
    ] = "none"


class Light(Settings):
    """How the light may differ."""

    brightness: Annotated[Share, Field(description="all values, up or down")] = 0.0
    contrast: Annotated[Share, Field(description="away from or towards the mean")] = 0.0
    gamma: Annotated[Share, Field(description="of the curve")] = 0.0
    colour: Annotated[Share, Field(description="each channel by itself")] = 0.0
    slope: Annotated[Share, Field(description="brighter on one side than on the other")] = 0.0


class Blur(Settings):
    """How focus and motion may soften a picture."""

    chance: Annotated[Fraction, Field(description="of a copy to be blurred at all")] = 0.5
    focus_px: Annotated[float, Field(ge=0, le=20, description="standard deviation")] = 0.0
    motion_px: Annotated[float, Field(ge=0, le=100, description="length of the way, in any direction")] = 0.0


class Noise(Settings):
    """What sensor and compression add."""

    sensor: Annotated[float, Field(ge=0, le=64, description="standard deviation, in grey values of 255")] = 0.0
    jpeg_quality: Annotated[int, Field(ge=5, le=100, description="the worst; 100 = not compressed")] = 100


class CutPaste(Settings):
    """Defects made of the picture itself: a patch or a scar, cut out, turned and pasted elsewhere."""

    chance: Annotated[Fraction, Field(description="of a copy of a good part to get a defect")] = 0.0
    area_min: Annotated[float, Field(gt=0, le=0.25, description="of the picture, the smallest")] = 0.002
    area_max: Annotated[float, Field(gt=0, le=0.25, description="of the picture, the largest")] = 0.02
    label: Annotated[str, Field(min_length=1, description="what the copy is called")] = "cut-paste"


class Sound(Settings):
    """How a recording may differ."""

    gain_db: Annotated[float, Field(ge=0, le=40, description="louder or quieter")] = 0.0
    shift: Annotated[Fraction, Field(description="of its length, round its end")] = 0.0
    noise_db: Annotated[float, Field(ge=-120, le=0, description="white noise, of full scale; -120 = none")] = -120.0


class Recipe(Settings):
    """All that may change."""

    geometry: Geometry = Geometry()
    light: Light = Light()
    blur: Blur = Blur()
    noise: Noise = Noise()
    cut_paste: CutPaste = CutPaste()
    sound: Sound = Sound()

    def require_for(self, medium: Medium) -> None:
        """Refuse a recipe that changes nothing of such samples.

        Raises:
            BadInputError: naming the tables that would.
        """
        tables = {"sound"} if medium == "sound" else set(Recipe.model_fields) - {"sound"}
        if not any(getattr(self, name) != type(getattr(self, name))() for name in tables):
            raise BadInputError(
                f"wanted a recipe that changes {medium}s, found that it says nothing of them; fill in "
                f"{', '.join(f'[{name}]' for name in Recipe.model_fields if name in tables)}"
            )


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        BadInputError: no TOML file, unknown keys, or values out of bounds; all of them at once.
    """
    try:
        recipe = Recipe.model_validate(tomllib.loads(path.read_text("utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(f"wanted a recipe (TOML), found {path} unreadable: {error}; correct the file") from error
    except ValidationError as error:
        raise BadInputError(f"wanted a recipe in {path}, found: {'; '.join(explain(error, Recipe))}") from error
    if recipe.cut_paste.area_min > recipe.cut_paste.area_max:
        raise BadInputError(
            f"wanted cut_paste.area_min up to area_max in {path}, found {recipe.cut_paste.area_min:g} above "
            f"{recipe.cut_paste.area_max:g}; exchange them"
        )
    return recipe
