"""OpenCV's door to films, streams and cameras, opened without its own warnings: our errors say what was wanted."""

from __future__ import annotations

from typing import Any


def open_capture(cv2: Any, *arguments: Any) -> Any:
    """`cv2.VideoCapture` of these arguments, opened or not.

    OpenCV warns on stderr of each try that fails, without the cause. It does so no more from the first try on, unless
    somebody asked for another level (OPENCV_LOG_LEVEL).
    """
    log = cv2.utils.logging
    if log.getLogLevel() == log.LOG_LEVEL_WARNING:
        log.setLogLevel(log.LOG_LEVEL_ERROR)
    return cv2.VideoCapture(*arguments)
