"""Lets a role read a secret, with its key, from any stack."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct


def without_key(
    scope: Construct, construct_id: str, secret: secretsmanager.ISecret
) -> secretsmanager.ISecret:
    """The same secret, as CDK sees one with the AWS-managed key.

    CDK grants the use of a customer-managed key in the key's own policy. Where the key is in
    another stack, that makes the stacks depend on each other (aws/aws-cdk#14213), and a key that is
    imported cannot be reached so. `grant_key_of` grants it in the role's policy instead.

    Args:
        scope: Where the reference is made.
        construct_id: Its id in `scope`.
        secret: The secret.
    """
    if secret.encryption_key is None:
        return secret
    if secret.secret_full_arn is None:
        return secretsmanager.Secret.from_secret_partial_arn(scope, construct_id, secret.secret_arn)
    return secretsmanager.Secret.from_secret_complete_arn(
        scope, construct_id, secret.secret_full_arn
    )


def grant_key_of(secret: secretsmanager.ISecret, role: iam.IRole) -> None:
    """Allow a role to decrypt one secret, if that has a customer-managed key.

    The key's policy must leave permissions to IAM, as it does by default. Secrets Manager tells KMS
    the secret's ARN as encryption context. Source:
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
