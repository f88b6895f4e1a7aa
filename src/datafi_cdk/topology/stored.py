"""Where data and secrets lie, and what happens to them when their stack is deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .assembly import Resource
from .templates import Templates, as_list, identity, key
from .values import text

__all__ = ["STORED_TYPES", "DynamicReference", "Store"]

_KINDS = {
    "AWS::S3::Bucket": "S3 bucket",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::Logs::LogGroup": "log group",
    "AWS::SSM::Parameter": "SSM parameter",
    "AWS::ECR::Repository": "image repository",
    "AWS::Route53::HostedZone": "hosted zone",
    "AWS::KMS::Key": "KMS key",
    "AWS::DynamoDB::Table": "DynamoDB table",
    "AWS::DynamoDB::GlobalTable": "DynamoDB table",
    "AWS::EFS::FileSystem": "EFS file system",
    "AWS::RDS::DBInstance": "RDS database",
    "AWS::RDS::DBCluster": "RDS database",
    "AWS::ElastiCache::CacheCluster": "ElastiCache",
    "AWS::ElastiCache::ReplicationGroup": "ElastiCache",
    "AWS::ElastiCache::ServerlessCache": "ElastiCache",
    "AWS::MemoryDB::Cluster": "MemoryDB",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::SQS::Queue": "queue",
    "AWS::Backup::BackupVault": "backup vault",
}
STORED_TYPES = tuple(_KINDS)
"""The CloudFormation types of what holds data."""

_ENCRYPTED_IF = {
    "AWS::EFS::FileSystem": "Encrypted",
    "AWS::ElastiCache::ReplicationGroup": "AtRestEncryptionEnabled",
    "AWS::RDS::DBCluster": "StorageEncrypted",
    "AWS::RDS::DBInstance": "StorageEncrypted",
}
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_DELETION = {
    "Retain": "kept",
    "RetainExceptOnCreate": "kept",
    "Snapshot": "deleted after a snapshot",
    "Delete": "deleted",
}
_DYNAMIC = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):([^}]*)\}\}")
_SECRET_PARTS = re.compile(r":(?:SecretString|SecretBinary)(?::|$)")


@dataclass(frozen=True)
class Store:
    """Something that holds data.

    Args:
        id: What it is known by.
        label: The path of its construct.
        kind: In plain words, such as `S3 bucket`.
        name: Its physical name, if the template fixes one.
        properties: What a reader should know of it: encryption, retention, public access.
        on_deletion: What happens with it when its stack is deleted, or it leaves the stack.
    """

    id: str
    label: str
    kind: str
    name: str
    properties: tuple[str, ...]
    on_deletion: str


@dataclass(frozen=True)
class DynamicReference:
    """A property that CloudFormation fills from a secret: where it stands, and the secret."""

    label: str
    place: str
    secret: str
    field: str


def read_stores(templates: Templates) -> tuple[Store, ...]:
    """Read what holds data, sorted by kind and name."""
    emptied = {
        identity(properties.get("BucketName"))
        for _, properties in templates.of_type("Custom::S3AutoDeleteObjects")
    }
    found = [
        Store(
            key(resource.id),
            resource.path,
            _KINDS[resource.type],
            _name(resource.type, properties),
            tuple(_described(resource.type, properties)),
            _on_deletion(resource, key(resource.id) in emptied),
        )
        for resource, properties in templates.of_type(*_KINDS)
    ]
    order = list(dict.fromkeys(_KINDS.values()))
    return tuple(sorted(found, key=lambda store: (order.index(store.kind), store.label, store.id)))


def read_dynamic_references(templates: Templates) -> tuple[DynamicReference, ...]:
    """Find the properties that CloudFormation fills from secrets."""
    found = [
        DynamicReference(resource.path, place, *_secret_and_field(kind, reference))
        for resource in templates.assembly.resources
        for place, value in _leaves(templates.properties(resource))
        for kind, reference in _DYNAMIC.findall(templates.readable(value))
    ]
    return tuple(sorted(set(found), key=lambda one: (one.label, one.place, one.secret, one.field)))


def _secret_and_field(kind: str, reference: str) -> tuple[str, str]:
    if kind == "ssm-secure":
        return f"SSM parameter {reference}", ""
    secret, *rest = _SECRET_PARTS.split(reference, maxsplit=1)
    return secret, rest[0].partition(":")[0] if rest else ""


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, place)
    else:
        yield place, value


def _name(kind: str, properties: Mapping[str, Any]) -> str:
    if kind in ("AWS::SSM::Parameter", "AWS::Route53::HostedZone", "AWS::SecretsManager::Secret"):
        return text(properties.get("Name")).removesuffix(".")
    return text(
        properties.get("BucketName")
        or properties.get("LogGroupName")
        or properties.get("RepositoryName")
        or properties.get("TableName")
    )


def _described(kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
    if kind == "AWS::S3::Bucket":
        yield from _bucket(properties)
    elif kind == "AWS::Logs::LogGroup":
        days = text(properties.get("RetentionInDays"))
        yield f"kept {days} days" if days else "kept for ever"
        yield "KMS key" if "KmsKeyId" in properties else "encrypted by AWS"
    elif kind == "AWS::SecretsManager::Secret":
        generated = "GenerateSecretString" in properties
        yield "value made at deployment" if generated else "value is not made here"
        yield "KMS key" if "KmsKeyId" in properties else "encrypted by AWS"
        if "SecretString" in properties:
            yield "its value stands in the template"
    elif kind in _ENCRYPTED_IF:
        is_encrypted = text(properties.get(_ENCRYPTED_IF[kind])) == "true"
        yield "encrypted" if is_encrypted else "encryption is not asked for"
        if text(properties.get("PubliclyAccessible")) == "true":
            yield "has a public address"
    elif kind == "AWS::Route53::HostedZone":
        yield "private" if "VPCs" in properties else "public"


def _bucket(properties: Mapping[str, Any]) -> Iterator[str]:
    rules = as_list(properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration"))
    algorithms = {
        text(rule.get("ServerSideEncryptionByDefault", {}).get("SSEAlgorithm")) for rule in rules
    }
    yield "KMS key" if "aws:kms" in algorithms else "encrypted by S3"
    if properties.get("VersioningConfiguration", {}).get("Status") == "Enabled":
        yield "versioned"
    blocks = properties.get("PublicAccessBlockConfiguration", {})
    # Without a setting S3 blocks all: https://docs.aws.amazon.com/AmazonS3/latest/userguide/
    # access-control-block-public-access.html
    is_blocked = not blocks or (len(blocks) == 4 and all(blocks.values()))
    yield "no public access" if is_blocked else "public access is not fully blocked"
    access = text(properties.get("AccessControl", "Private"))
    if access != "Private":
        yield f"ACL {access}"
    if "WebsiteConfiguration" in properties:
        yield "serves a website"


def _on_deletion(resource: Resource, emptied: bool) -> str:
    default = "Snapshot" if resource.type in _SNAPSHOT_BY_DEFAULT else "Delete"
    told = _DELETION.get(resource.deletion_policy or default, "deleted")
    if resource.type == "AWS::S3::Bucket" and told == "deleted":
        return "deleted with all objects" if emptied else "deleted if it is empty"
    return told
