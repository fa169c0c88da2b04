"""A bucket on the S3 server of the tests, looked at past the code that is tested."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import requests

KEY, SECRET, TOKEN = "AKIACANARYCANARY", "secret-canary-0123456789", "token-canary-0123456789"


@cache
def client(endpoint: str) -> Any:
    import boto3  # slow

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="another",
        aws_secret_access_key="another",
    )


@dataclass(frozen=True)
class S3:
    """A bucket of a test's own."""

    endpoint: str
    bucket: str

    @property
    def address(self) -> str:
        return f"s3://{self.bucket}/slides"

    def listed(self) -> list[str]:
        """What is in the bucket, without the prefix."""
        found = client(self.endpoint).list_objects_v2(Bucket=self.bucket).get("Contents", ())
        return [each["Key"].removeprefix("slides/") for each in found]

    def n_unfinished(self) -> int:
        """Uploads in parts that were begun and not finished."""
        return len(client(self.endpoint).list_multipart_uploads(Bucket=self.bucket).get("Uploads", ()))

    def get(self, key: str) -> bytes:
        data: bytes = self.head(key, "get_object")["Body"].read()
        return data

    def head(self, key: str, how: str = "head_object") -> Any:
        return getattr(client(self.endpoint), how)(Bucket=self.bucket, Key=f"slides/{key}")

    def overwrite(self, key: str, data: bytes) -> None:
        client(self.endpoint).put_object(Bucket=self.bucket, Key=f"slides/{key}", Body=data)

    def refuse_unknown_keys(self, refuse: bool) -> None:
        """Whether the server checks who asks."""
        after = b"0" if refuse else b"inf"
        requests.post(f"{self.endpoint}/moto-api/reset-auth", data=after, timeout=10).raise_for_status()
