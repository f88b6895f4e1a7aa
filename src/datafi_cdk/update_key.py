"""The key of an update API: how it is made, read and rotated."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .acknowledgments import acknowledge
from .errors import Fault
from .places import stack_of
from .role_access import role_of_this_stack
from .secret_access import grant_key, grant_key_of
from .synthesis import elsewhere_faults, refuse
from .validation import interface_faults, number_faults, type_faults

DEFAULT_ROTATION = Duration.days(30)

_LENGTH = 43
_ROTATION_RULES = (
    "AwsSolutions::AwsSolutions-SMG4",
    "HIPAA.Security::HIPAA.Security-SecretsManagerRotationEnabled",
    "NIST.800.53.R5::NIST.800.53.R5-SecretsManagerRotationEnabled",
)
_ROTATION_ACTIONS = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)


def rotation_faults(
    function: lambda_.IFunction | None, after: Duration, *, is_generated: bool
) -> list[Fault]:
    """A rotation that Secrets Manager cannot do, or of a secret that is not made here.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
    """
    if function is not None and not is_generated:
        allowed = "left out where no key is generated"
        remedy = "set the rotation up where the secret is made, or leave secret and callers out"
        return [Fault("rotation_function", allowed, "given", remedy)]
    faults = []
    if function is not None:
        allowed = "a function of Lambda (IFunction)"
        faults += interface_faults("rotation_function", function, "function_arn", allowed)
    return faults or _interval_faults(after)


def _interval_faults(after: Duration) -> list[Fault]:
    faults = type_faults("rotate_after", after, Duration, "a Duration")
    if faults:
        return faults
    if after.is_unresolved():
        allowed, remedy = "known at synthesis", "write it as Duration.days(30)"
        return [Fault("rotate_after", allowed, "a token", remedy)]
    seconds = int(after.to_milliseconds()) / 1000
    days = seconds / 86_400
    return number_faults("rotate_after in days", int(days) if days == int(days) else days, 1, 1000)


def generated_key(
    scope: Construct,
    *,
    encryption_key: kms.IKey | None,
    removal_policy: RemovalPolicy,
    rotation_function: lambda_.IFunction | None,
    rotate_after: Duration,
) -> secretsmanager.Secret:
    """Make a secret that holds a new key.

    Args:
        scope: Where `Secret` is made.
        encryption_key: The customer's key that encrypts it.
        removal_policy: What becomes of it when it leaves the stack.
        rotation_function: What rotates it.
        rotate_after: How often.

    Raises:
        InvalidInputError: The function is of another app or region.
    """
    refuse(scope, elsewhere_faults(scope, rotation_function=rotation_function))
    secret = secretsmanager.Secret(
        scope,
        "Secret",
        description="Key of the Datafi update API",
        encryption_key=encryption_key,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            password_length=_LENGTH, exclude_punctuation=True
        ),
        removal_policy=removal_policy,
    )
    if rotation_function is None:
        acknowledge(
            secret,
            _ROTATION_RULES,
            "Its value is entered in Datafi's console by hand: a rotation that nobody accompanies"
            " would end all updates. rotation_function rotates it where the console is told too.",
        )
    else:
        _rotate(scope, secret, rotation_function, rotate_after)
    return secret


def grant_key_value(secret: secretsmanager.ISecret, role: iam.IRole) -> None:
    """Read the one value, which CDK's own grant goes beyond.

    Args:
        secret: The secret.
        role: Who reads it.
    """
    arn = secret.secret_full_arn or f"{secret.secret_arn}-??????"
    statement = iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn])
    role.add_to_principal_policy(statement)
    grant_key_of(secret, role)


def _rotate(
    scope: Construct,
    secret: secretsmanager.Secret,
    function: lambda_.IFunction,
    after: Duration,
) -> None:
    """Let Secrets Manager call a function, and the function write the secret, before it does.

    The rights are in the stack of the secret, and the permission names the account and not the
    secret, so that a function of another stack needs nothing of this one. A deployment rotates
    nothing. Source:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
    """
    stack = stack_of(scope)
    permission = f"RotationOf{stack.node.addr[-8:]}"
    if not function.node.try_find_child(permission):
        function.add_permission(
            permission,
            principal=iam.ServicePrincipal("secretsmanager.amazonaws.com"),
            source_account=stack.account,
        )
    schedule = secretsmanager.CfnRotationSchedule(
        scope,
        "Rotation",
        secret_id=secret.secret_arn,
        rotation_lambda_arn=function.function_arn,
        rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
            automatically_after_days=int(after.to_days())
        ),
        rotate_immediately_on_update=False,
    )
    schedule.node.add_dependency(function)
    if function.role:
        role = role_of_this_stack(scope, "RotationRole", function.role)
        schedule.node.add_dependency(_rotation_rights(scope, secret, role))


def _rotation_rights(
    scope: Construct, secret: secretsmanager.Secret, role: iam.IRole
) -> iam.ManagedPolicy:
    rights = iam.ManagedPolicy(scope, "RotationRights", roles=[role])
    iam.Grant.add_to_principal(
        grantee=rights, actions=list(_ROTATION_ACTIONS), resource_arns=[secret.secret_arn]
    )
    if secret.encryption_key:
        grant_key(
            scope,
            rights,
            secret.encryption_key.key_arn,
            ["kms:Decrypt", "kms:GenerateDataKey"],
            {"StringLike": {"kms:EncryptionContext:SecretARN": secret.secret_arn}},
        )
    return rights
