"""OpenCV's door to films, streams and cameras, opened without its own warnings: our errors say what was wanted."""

from __future__ import annotations

import os
from typing import Any


def open_capture(cv2: Any, *arguments: Any) -> Any:
    """`cv2.VideoCapture` of these arguments, opened or not.

    OpenCV warns on stderr of each try that fails. It does so no more from the first try on, unless the environment asks
    for a level (OPENCV_LOG_LEVEL).
    """
    if not os.environ.get("OPENCV_LOG_LEVEL"):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    return cv2.VideoCapture(*arguments)
