from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.capture.rtsp import shown_address

SECRET = "s3cret"  # noqa: S105 - what must not be shown


@pytest.mark.parametrize(("url", "shown"), [
    ("rtsp://camera.local/1", "rtsp://camera.local"),
    ("rtsps://10.0.0.7:322/h264?profile=1", "rtsps://10.0.0.7:322"),
    ("rtsp://[fe80::1]:554/1", "rtsp://[fe80::1]:554"),
    ("rtsp://admin@camera:554/1", "rtsp://camera:554"),
    ("rtsp://admin:s3cret@camera:554/1", "rtsp://camera:554"),
    ("rtsp://admin:s3@cret@camera:554/1", "rtsp://camera:554"),
    ("rtsp://admin:s3/cret@camera:554/1", "rtsp://camera:554"),
    ("rtsp://admin:s3#cret@camera", "rtsp://camera"),
    ("rtsp://camera:554/?user=admin&password=s3cret", "rtsp://camera:554"),
    ("rtsp://camera:554/user=admin_password=s3cret_channel=1", "rtsp://camera:554"),
    ("rtsp://camera:554/?password=a@s3cret", "rtsp://(hidden)"),
    ("rtsp://admin:12345/s3@camera", "rtsp://(hidden)"),
])  # fmt: skip
def test_of_an_address_only_scheme_host_and_port_are_shown(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@given(st.text("@/:?#ab1.", max_size=12), st.text("@/:?#ab1.", max_size=12))
def test_no_sign_in_a_password_brings_it_to_light(before: str, after: str) -> None:
    for url in (
        f"rtsp://user:{before}{SECRET}{after}@camera:554/1",
        f"rtsp://camera/?password={before}{SECRET}{after}",
    ):
        assert SECRET not in shown_address(url)
