"""A network camera for tests: a GStreamer RTSP server. Run by a Python that has gi.

`rtsp_camera.py PORT WIDTH HEIGHT`; a larger picture takes longer to decode.

Debian: python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base, -good and -ugly (or -bad).
It says `ready` once it listens, `missing: …` where a part of it is not installed.
"""

from __future__ import annotations

import sys

ENCODERS = {
    "x264enc": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15",
    "openh264enc": "openh264enc gop-size=15",
}
PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width={},height={},framerate=15/1"
PAYLOAD = "rtph264pay name=pay0 pt=96 config-interval=1"


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(port: str, width_px: str, height_px: str) -> None:
    try:
        import gi  # noqa: PLC0415 - where it is missing, this says so

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import GLib, Gst, GstRtspServer  # noqa: PLC0415 - the same
    except (ImportError, ValueError) as error:
        say(f"missing: {error}")
        return
    Gst.init(None)
    found = [line for name, line in ENCODERS.items() if Gst.ElementFactory.find(name)]
    if not found or not Gst.ElementFactory.find("rtph264pay"):
        say("missing: an H.264 encoder of GStreamer")
        return
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    camera = GstRtspServer.RTSPMediaFactory()
    camera.set_launch(f"( {PICTURE.format(width_px, height_px)} ! {found[0]} ! {PAYLOAD} )")
    camera.set_shared(True)
    server.get_mount_points().add_factory("/cam", camera)
    server.attach(None)
    say("ready")
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
