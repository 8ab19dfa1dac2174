"""`[evidence]` of `site.toml`: a bucket for whole files, instead of the manager's own disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.station.settings import Settings
from fleet_manager.secret_file import SecretFile

if TYPE_CHECKING:
    from obstore.store import S3Config

Word = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class BucketSettings(Settings):
    """Which bucket, and who we are there; without a key, what the environment or the machine's role says."""

    s3: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9._/-]*)?$")]
    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+$")] | None = None
    region: Word | None = None
    access_key: Word | None = None
    secret_key: Annotated[SecretFile | None, Field(alias="secret_key_file")] = None

    @model_validator(mode="after")
    def _key_is_whole(self) -> BucketSettings:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("wanted access_key and secret_key_file together, found one of them: add the other")
        return self

    @property
    def is_plain(self) -> bool:
        """Whether pictures travel to the bucket as anybody on the way can see them."""
        return (self.endpoint or "").startswith("http://")

    def config(self) -> S3Config:
        """As obstore takes it; the bucket checks each upload's SHA-256."""
        told: S3Config = {"checksum_algorithm": "sha256"}
        if self.endpoint is not None:
            told["endpoint"] = self.endpoint
        if self.region is not None:
            told["region"] = self.region
        if self.access_key is not None and self.secret_key is not None:
            told["access_key_id"] = self.access_key
            told["secret_access_key"] = self.secret_key.get_secret_value()
        return told
