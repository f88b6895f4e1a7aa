"""Lets a role read a secret, with its key, and use other keys, from any stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aws_cdk import Reference, Tokenization
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IConstruct

from .managed_policy_role import explain_wildcards
from .places import stack_of

_ALIAS_ARN = re.compile(r"(?P<place>.+):(?P<alias>alias/[^:]+)")


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
    _grant_decrypt(secret, role, secret.encryption_key.key_arn, arn)


def readable_by_role(secret: ecs.Secret) -> ecs.Secret:
    """The same container secret, whose key is granted in the role's policy, for any stack.

    CDK would grant a key that was made in this app in the key's own policy: see `without_key`. The
    key of an imported secret is not known to an `ecs.Secret`, and stays the caller's to grant.

    Args:
        secret: What fills a variable of a container.
    """
    for token in Tokenization.reverse_string(secret.arn).tokens:
        made = token.target if isinstance(token, Reference) else None
        if isinstance(made, secretsmanager.CfnSecret) and made.kms_key_id:
            return _SecretReadByRole(secret, made, made.kms_key_id)
    return secret


class _SecretReadByRole(ecs.Secret):
    """A container secret that changes nothing but the policy of the role that reads it."""

    def __init__(self, secret: ecs.Secret, made: secretsmanager.CfnSecret, key_arn: str) -> None:
        super().__init__()
        self._secret = secret
        self._scope = made
        self._secret_arn = made.ref
        self._key_arn = key_arn

    @property
    def arn(self) -> str:
        return self._secret.arn

    @property
    def has_field(self) -> bool | None:
        return self._secret.has_field

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        _grant_decrypt(self._scope, grantee, self._key_arn, self._secret_arn)
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            resource_arns=[self._secret_arn],
        )


def grant_key(
    scope: IConstruct,
    grantee: iam.IGrantable,
    key_arn: str,
    actions: Sequence[str],
    conditions: Mapping[str, Mapping[str, str]] | None = None,
) -> iam.Grant:
    """Allow a principal to use a key, in its own policy.

    In a policy the ARN of an alias is no name of its key, and allows nothing: a condition names the
    alias instead. Source:
    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html

    Args:
        scope: What the key is used for.
        grantee: The principal.
        key_arn: The ARN of the key, or of an alias of it.
        actions: What it may do.
        conditions: When. Default: always.
    """
    resource, all_conditions = key_arn, dict(conditions or {})
    alias = _ALIAS_ARN.fullmatch(_with_alias_name(scope, key_arn))
    if alias:
        resource = f"{alias['place']}:key/*"
        all_conditions["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": alias["alias"]}
        reason = f"IAM names a key by its alias in a condition only; it is {alias['alias']}."
        explain_wildcards(grantee, actions, [resource], reason)
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=list(actions),
        resource_arns=[resource],
        conditions=all_conditions or None,
    )


def _with_alias_name(scope: IConstruct, key_arn: str) -> str:
    """The ARN with the name of an alias that the app makes, which CDK has as a token."""
    place, separator, key = key_arn.rpartition(":")
    name = stack_of(scope).resolve(key)
    return f"{place}{separator}{name}" if isinstance(name, str) else key_arn


def _grant_decrypt(
    scope: IConstruct, grantee: iam.IGrantable, key_arn: str, secret_arn: str
) -> None:
    only_for = {"StringLike": {"kms:EncryptionContext:SecretARN": secret_arn}}
    grant_key(scope, grantee, key_arn, ["kms:Decrypt"], only_for)
