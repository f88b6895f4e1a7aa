"""The items of what is kept: buckets, secrets, keys, zones."""

from __future__ import annotations

from collections.abc import Iterator

from ...topology import ResourceId, references_in
from .items import Assumptions, Item, Made, Range, counted, of_type, section, sections
from .network_items import LOAD_BALANCER_TYPE

STORAGE = "Storage"
SECRETS = "Secrets and keys"
NAMES = "Hosted zones"

BUCKET = "AWS::S3::Bucket"
SECRETS_MANAGER = ("AWS::SecretsManager::Secret",)
KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
ZONES = ("AWS::Route53::HostedZone", "AWS::ServiceDiscovery::PrivateDnsNamespace")
"""A private namespace of Cloud Map makes a hosted zone: https://aws.amazon.com/cloud-map/pricing/"""


def storage_items(made: list[Made], assumptions: Assumptions) -> Iterator[Item]:
    """Buckets of data, secrets, keys and hosted zones."""
    for_logs = set(_log_buckets(made))
    buckets = sum(bucket.id not in for_logs for bucket in of_type(made, BUCKET))
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


def _log_buckets(made: list[Made]) -> Iterator[ResourceId]:
    """The buckets to which load balancers and other buckets write their logs."""
    places = [
        section(bucket.properties.get("LoggingConfiguration")).get("DestinationBucketName")
        for bucket in of_type(made, BUCKET)
    ]
    places += [
        attribute.get("Value")
        for balancer in of_type(made, LOAD_BALANCER_TYPE)
        for attribute in sections(balancer.properties.get("LoadBalancerAttributes"))
        if attribute.get("Key") == "access_logs.s3.bucket"
    ]
    for place in places:
        yield from (reference.resource for reference in references_in(place))
