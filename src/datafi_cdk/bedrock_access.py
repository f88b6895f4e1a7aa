"""What a principal needs to invoke models of Amazon Bedrock, and what is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from .errors import Fault
from .managed_policy_role import explain_wildcards
from .synthesis import concrete, is_token_list
from .validation import bedrock_model_faults

# Where a cross-region inference profile leads. Source:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_PROFILE = re.compile(r"(us|us-gov|eu|apac|ap|jp|au|ca|global)\.[a-z0-9-]+\..+")
_PROFILE_ARN = re.compile(
    r"arn:(?P<partition>[^:]+):bedrock:[^:]*:[^:]*:inference-profile/(?P<id>.+)"
)
_ACTIONS = ("bedrock:InvokeModel",)
_REASON = (
    "A cross-region inference profile chooses the region of the model, and whoever has the profile"
    " invokes the model through it only."
)


def grant_models(scope: Construct, grantee: iam.IGrantable, models: Sequence[str]) -> None:
    """Allow a principal to invoke models, and a model behind a profile through that profile only.

    Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    and https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html

    Args:
        scope: Whose partition, account and region those of an id are.
        grantee: The principal.
        models: Ids or ARNs of models or inference profiles.
    """
    arns = [_arn(Stack.of(scope), model) for model in models]
    iam.Grant.add_to_principal(grantee=grantee, actions=list(_ACTIONS), resource_arns=arns)
    for arn in arns:
        profile = _PROFILE_ARN.fullmatch(arn)
        if profile:
            behind = _models_behind(profile["partition"], profile["id"])
            explain_wildcards(grantee, _ACTIONS, behind, _REASON)
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=list(_ACTIONS),
                resource_arns=behind,
                conditions={"StringLike": {"bedrock:InferenceProfileArn": arn}},
            )


def _arn(stack: Stack, model: str) -> str:
    """The ARN of a model or profile; of a token it is not known whether it is one already."""
    if model.startswith("arn:") or concrete(model) is None:
        return model
    start = f"arn:{stack.partition}:bedrock:{stack.region}"
    if _PROFILE.fullmatch(model):
        return f"{start}:{stack.account}:inference-profile/{model}"
    return f"{start}::foundation-model/{model}"


def _models_behind(partition: str, profile: str) -> list[str]:
    """The model in every region to which a profile may lead; a global one names none as well."""
    place, _, model = profile.partition(".")
    regions = ["*", ""] if place == "global" else ["*"]
    return [
        f"arn:{partition}:bedrock:{region}::foundation-model/{model or '*'}" for region in regions
    ]


def model_faults(models: Sequence[str]) -> list[Fault]:
    """What is no list of models; one of deployment could not be told apart from a list of ids."""
    argument = "bedrock_models"
    if not isinstance(models, list | tuple):
        return bedrock_model_faults(models)
    if is_token_list(models):
        remedy = "write the models one by one, each of which may be a token"
        return [Fault(argument, "a list that is known at synthesis", "a token", remedy)]
    if None in models:
        return [Fault(argument, "a list of ids or ARNs of models", "None in it", "remove it")]
    return bedrock_model_faults([concrete(model) for model in models])
