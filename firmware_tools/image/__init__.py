"""Firmware images: read, checked and signed, whatever tool made them; nothing here talks to a chip."""

from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment
from firmware_tools.image.reading import parse_image, read_image

__all__ = ["BadImage", "FirmwareImage", "Segment", "parse_image", "read_image"]
