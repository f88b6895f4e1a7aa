"""Reads and writes secrets of Secrets Manager.

A value that is replaced stays as the version AWSPREVIOUS.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..aws_errors import error_code

if TYPE_CHECKING:
    from ..aws_access import AwsAccess

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
_NOT_THERE = "ResourceNotFoundException"


class SecretFormError(ValueError):
    """A secret that does not hold what it must; its words hold no value."""


@dataclass(frozen=True)
class StoredSecret:
    """A secret as it is.

    Args:
        name: Its name.
        arn: Its complete ARN.
        text: Its string; `None` if it has none yet.
        version: The id of that version; empty if there is none.
        is_binary: Whether it holds bytes in place of a string.
        is_deleted: Whether its deletion is scheduled, so that it cannot be read.
        kms_key_id: The customer-managed key that encrypts it: id, ARN or alias. Default: none.
    """

    name: str
    arn: str
    text: str | None = field(default=None, repr=False)
    version: str = ""
    is_binary: bool = False
    is_deleted: bool = False
    kms_key_id: str | None = None

    def fields(self) -> dict[str, object]:
        """The fields of a JSON secret, none if it has no value yet.

        Raises:
            SecretFormError: It holds something else.
        """
        if self.is_binary:
            raise SecretFormError("holds bytes, where a JSON object must be")
        if self.text is None:
            return {}
        try:
            data = json.loads(self.text)
        except (ValueError, RecursionError):
            raise SecretFormError("holds no JSON, where a JSON object must be") from None
        if not isinstance(data, dict):
            raise SecretFormError("holds JSON of another kind, where an object must be")
        return data


class SecretStore:
    """The secrets of an account and region.

    Args:
        aws: The account and region.
    """

    def __init__(self, aws: AwsAccess) -> None:
        """Ask nothing yet."""
        self._client = aws.client("secretsmanager")

    def read(self, name_or_arn: str, stage: str = CURRENT) -> StoredSecret | None:
        """Read a secret.

        Args:
            name_or_arn: Its name or its complete ARN.
            stage: The label of the version.

        Returns:
            The secret, or `None` if there is none.

        Raises:
            botocore.exceptions.ClientError: It may not be read.
        """
        from botocore.exceptions import ClientError

        try:
            found = self._client.describe_secret(SecretId=name_or_arn)
        except ClientError as error:
            if error_code(error) == _NOT_THERE:
                return None
            raise
        about = {
            "name": found["Name"],
            "arn": found["ARN"],
            "kms_key_id": found.get("KmsKeyId"),
        }
        if found.get("DeletedDate"):
            return StoredSecret(**about, is_deleted=True)
        try:
            value = self._client.get_secret_value(SecretId=found["ARN"], VersionStage=stage)
        except ClientError as error:
            if error_code(error) == _NOT_THERE:
                return StoredSecret(**about)
            raise
        return StoredSecret(
            **about,
            text=value.get("SecretString"),
            version=value["VersionId"],
            is_binary="SecretString" not in value,
        )

    def create(
        self,
        name: str,
        text: str,
        *,
        description: str,
        tags: Mapping[str, str] | None = None,
        kms_key_arn: str | None = None,
    ) -> str:
        """Create a secret.

        Args:
            name: Its name.
            text: Its string.
            description: What it is for.
            tags: Its tags. Default: none.
            kms_key_arn: The key that encrypts it. Default: that of Secrets Manager.

        Returns:
            Its complete ARN.

        Raises:
            botocore.exceptions.ClientError: It may not be created, or is there already.
        """
        created = self._client.create_secret(
            Name=name,
            Description=description,
            SecretString=text,
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
            **({"KmsKeyId": kms_key_arn} if kms_key_arn else {}),
        )
        return str(created["ARN"])

    def write(self, arn: str, text: str, stage: str = CURRENT) -> None:
        """Give a secret a new version; the one before stays.

        Args:
            arn: Its ARN.
            text: The new string.
            stage: The label of the new version.

        Raises:
            botocore.exceptions.ClientError: It may not be written.
        """
        self._client.put_secret_value(SecretId=arn, SecretString=text, VersionStages=[stage])

    def take_label(self, arn: str, stage: str, version: str) -> None:
        """Take a label off a version.

        Args:
            arn: The ARN of the secret.
            stage: The label.
            version: The id of the version.

        Raises:
            botocore.exceptions.ClientError: It may not be taken.
        """
        self._client.update_secret_version_stage(
            SecretId=arn, VersionStage=stage, RemoveFromVersionId=version
        )


def as_text(fields: Mapping[str, object]) -> str:
    """The string of a JSON secret."""
    return json.dumps(fields, ensure_ascii=False)
