"""Lets a role use the customer-managed key of a secret that it may read."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager


def grant_key_of(secret: secretsmanager.ISecret, role: iam.IRole) -> None:
    """Allow a role to decrypt one secret, if that has a customer-managed key.

    CDK's own `grant_read` puts this permission into the key's policy, which it cannot reach when
    the key is imported. Secrets Manager tells KMS the secret's ARN as encryption context. Source:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html

    Args:
        secret: The secret.
        role: The role that reads it.
    """
    if secret.encryption_key is None:
        return
    arn = secret.secret_full_arn or f"{secret.secret_arn}-??????"
    iam.Grant.add_to_principal(
        grantee=role,
        actions=["kms:Decrypt"],
        resource_arns=[secret.encryption_key.key_arn],
        conditions={"StringLike": {"kms:EncryptionContext:SecretARN": arn}},
    )
