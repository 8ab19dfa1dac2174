"""Boards as data: what each one is, what to install on it, and what the converter may lose for it.

`load_profile("rpi-4b")` reads `boards/rpi-4b.toml`; `load_profile("mine.toml")` reads a file of one's own.
"""

from device_profiles.board import Profile
from device_profiles.figures import Anchor, Figure, Source
from device_profiles.profile import load_profile, profile_names

__all__ = ["Anchor", "Figure", "Profile", "Source", "load_profile", "profile_names"]
