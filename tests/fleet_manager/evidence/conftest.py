from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.bucket_server import BucketServer, running_bucket_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[BucketServer]:
    """A real S3 server, for all tests of this run."""
    pytest.importorskip("obstore", reason="needs obstore: pip install 'lepton-edge[s3]'")
    yield from running_bucket_server()


@pytest.fixture
def own_bucket_server() -> Iterator[BucketServer]:
    """One that a test may let go away."""
    yield from running_bucket_server()
