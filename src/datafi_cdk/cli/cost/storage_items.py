"""The items of what is kept: buckets, secrets, keys, zones."""

from __future__ import annotations

from collections.abc import Iterator

from .items import Assumptions, Item, Made, Range, counted, of_type

STORAGE = "Storage"
SECRETS = "Secrets and keys"
NAMES = "Hosted zones"

BUCKET = "AWS::S3::Bucket"
SECRETS_MANAGER = ("AWS::SecretsManager::Secret",)
KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
ZONES = ("AWS::Route53::HostedZone", "AWS::ServiceDiscovery::PrivateDnsNamespace")
"""A private namespace of Cloud Map makes a hosted zone: https://aws.amazon.com/cloud-map/pricing/"""


def storage_items(made: list[Made], assumptions: Assumptions) -> Iterator[Item]:
    """Buckets, secrets, keys and hosted zones."""
    buckets = len(of_type(made, BUCKET))
    if buckets:
        gb = Range.exactly(buckets * assumptions.storage_gb)
        yield Item(STORAGE, counted(buckets, "bucket"), gb, "s3.storage", usage=True)
    for part, types, noun, price_id in (
        (SECRETS, SECRETS_MANAGER, "secret", "secrets.secret"),
        (SECRETS, KEYS, "key", "kms.key"),
        (NAMES, ZONES, "zone", "route53.zone"),
    ):
        count = len(of_type(made, *types))
        if count:
            yield Item(part, counted(count, noun), Range.exactly(count), price_id)
