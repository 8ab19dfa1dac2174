"""What a pattern of the contracts asks for, in words; a regular expression is no sentence."""

from __future__ import annotations

_WORDS = {
    r"^[a-z0-9-]{1,32}$": "1 to 32 of a–z, 0–9 and -",
    r"^[0-9a-f]{64}$": "64 of 0–9 and a–f (a SHA-256)",
    r"^[0-9a-f]{16}$": "16 of 0–9 and a–f",
    r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?$": "a file name of a–z, 0–9, '.', '_' and -, with at most one '/'",
    r"^[^+#\x00]+$": "a topic without + and #",
    r"^[A-Za-z0-9_.:-]{1,253}$": "a host name or IP address",
    r"^rtsps?://\S+$": "an address that begins with rtsp:// or rtsps:// and has no blanks",
    r"^https?://\S+$": "an address that begins with http:// or https:// and has no blanks",
    r"^https?://[^/?#@\s]+$": "an address as https://host or https://host:port, no more",
    r"^https?://[^/?#@\s]+(/[^?#\s]*)?$": "an address as https://host, https://host:port or https://host/path, no more",
    r"^(usb:\d+-\d+(\.\d+)*|serial:\S.*|/dev/v4l/by-(id|path)/[^/]+|/dev/video\d+)$": (
        "usb:1-1.2, serial:…, /dev/v4l/by-id/…, /dev/v4l/by-path/… or /dev/video0"
    ),
    r"^[A-Z0-9 ]{4}$": "4 of A–Z, 0–9 and blank, as in MJPG",
    r"^[0-9a-fA-F]{2}$": "two hexadecimal digits",
    r"^[A-Za-z0-9+/]{43}=$": "a key of 32 bytes in base64, 44 characters that end with =",
}


def words_of(pattern: str) -> str:
    """What the pattern asks for; the pattern itself where it has no words yet."""
    return _WORDS.get(pattern, f"text that fits {pattern}")
