"""A role of the library has its permissions in managed policies, and says why some are wide."""

from __future__ import annotations

import json
from contextlib import nullcontext
from importlib import metadata
from typing import Any

import pytest
from datafi_cdk import wildcards
from aws_cdk import App, CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from datafi_cdk.managed_policy_role import ManagedPolicyRole, explain_wildcards
from datafi_cdk.policy_size import LARGEST_POLICY, policy_size
from deployment import FUNCTION, INLINE_POLICY, POLICY, ROLE, new_app, new_stack, one, statements
from packaging.version import Version

LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")
IAM5 = "AwsSolutions::AwsSolutions-IAM5"
TAKES_IDS_OF_WILDCARDS = Version(metadata.version("aws-cdk-lib")) >= Version("2.269")
needs_ids_of_wildcards = pytest.mark.skipif(not TAKES_IDS_OF_WILDCARDS, reason="an old aws-cdk-lib")


def new_role(stack: Stack, construct_id: str = "Role") -> ManagedPolicyRole:
    """A role for a function."""
    return ManagedPolicyRole(stack, construct_id, assumed_by=LAMBDA)


def allow(role: iam.IRole, action: str, *resources: str) -> iam.AddToPrincipalPolicyResult:
    """Let a role do something."""
    return role.add_to_principal_policy(
        iam.PolicyStatement(actions=[action], resources=list(resources) or ["*"])
    )


def policies(stack: Stack) -> dict[str, Any]:
    """The managed policies by their ids without the digits at the end."""
    found = Template.from_stack(stack).find_resources(POLICY)
    return dict(sorted((name[:-8], entry["Properties"]) for name, entry in found.items()))


def acknowledged(role: ManagedPolicyRole) -> dict[str, str]:
    """The findings that are accepted anywhere in a role, and why."""
    return {
        rule: reason
        for construct in role.node.find_all()
        for entry in construct.node.metadata
        if entry.type == "aws:cdk:acknowledged-rules"
        for rule, reason in entry.data.items()
    }


def test_grants_are_one_managed_policy_and_none_is_inline() -> None:
    """Equal statements are merged, and the policy names the role."""
    stack = new_stack()
    role = new_role(stack)
    allow(role, "a:B", "arn:one")
    allow(role, "a:B", "arn:two")
    allow(role, "a:C", "arn:one", "arn:two")
    (policy,) = policies(stack).values()
    assert policy["PolicyDocument"]["Statement"] == [
        {"Action": ["a:B", "a:C"], "Effect": "Allow", "Resource": ["arn:one", "arn:two"]}
    ]
    template = Template.from_stack(stack)
    template.resource_count_is(INLINE_POLICY, 0)
    (name,) = template.find_resources(ROLE)
    assert policy["Roles"] == [{"Ref": name}]


def test_a_role_without_grants_has_no_policy() -> None:
    """IAM takes no empty one."""
    stack = new_stack()
    new_role(stack)
    assert policies(stack) == {}


def test_whatever_uses_the_role_waits_for_its_policy() -> None:
    """A function, and what is made after a grant, also by grants that come later."""
    stack = new_stack()
    role = new_role(stack)
    lambda_.Function(
        stack,
        "Function",
        code=lambda_.Code.from_inline("x"),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
        role=role,
    )
    waiting = CfnResource(stack, "Waiting", type="Test::Any::Thing")
    secret = secretsmanager.Secret(stack, "Secret")
    secret.grant_read(role).apply_before(waiting)
    template = Template.from_stack(stack)
    (policy,) = template.find_resources(POLICY)
    assert policy in one(template, FUNCTION)["DependsOn"]
    assert policy in one(template, "Test::Any::Thing")["DependsOn"]


def test_what_is_granted_may_be_in_another_stack() -> None:
    """The policy is in the stack of the role, and imports what it names."""
    app = new_app()
    vault, stack = new_stack("Vault", app), new_stack("Test", app)
    role = new_role(stack)
    secretsmanager.Secret(vault, "Secret").grant_read(role)
    kms.Key(vault, "Key").grant_decrypt(role)
    app.synth()
    assert "Fn::ImportValue" in json.dumps(policies(stack))
    assert policies(vault) == {}
    assert vault.dependencies == []


def test_another_account_trusts_the_role_by_its_own_policy() -> None:
    """What is granted across accounts is in both policies, as CDK has it with any role."""
    app = new_app()
    account = {"region": "us-east-1"}
    vault = Stack(app, "Vault", env={"account": "222222222222", **account})
    stack = Stack(app, "Test", env={"account": "111111111111", **account})
    role = ManagedPolicyRole(stack, "Role", assumed_by=LAMBDA)
    key = kms.Key.from_key_arn(vault, "Key", "arn:aws:kms:us-east-1:222222222222:key/one")
    key.grant_decrypt(role)
    assert [entry[0] for entry in statements(Template.from_stack(stack), "Role")] == [
        ["kms:Decrypt"]
    ]


def large(number: int) -> str:
    """A resource of 1,000 letters."""
    return f"arn:{number:0>996}"


def test_what_does_not_fit_goes_to_a_further_policy() -> None:
    """Every policy is within IAM's limit, and what was granted before stays where it was."""

    def made(count: int) -> dict[str, Any]:
        stack = new_stack()
        role = new_role(stack)
        for number in range(count):
            allow(role, f"a:Action{number}", large(number))
        assert role.faults == []
        return policies(stack)

    five, six, twelve = made(5), made(6), made(12)
    assert list(five) == ["RolePolicy"]
    assert list(six) == ["RolePolicy", "RolePolicy2"]
    assert len(twelve) == 3
    assert six["RolePolicy"] == twelve["RolePolicy"] == five["RolePolicy"]
    for policy in twelve.values():
        assert len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) <= LARGEST_POLICY


def test_statements_that_can_be_merged_take_one_policy() -> None:
    """What counts is what IAM gets: a resource that all statements name is there once."""
    stack = new_stack()
    role = new_role(stack)
    for number in range(20):
        allow(role, f"a:Action{number}", large(0))
    assert list(policies(stack)) == ["RolePolicy"]


def test_what_waits_for_a_grant_waits_for_its_policy() -> None:
    """CDK is told in which of the policies it is."""
    stack = new_stack()
    role = new_role(stack)
    waiting = CfnResource(stack, "Waiting", type="Test::Any::Thing")
    for number in range(8):
        granted = allow(role, f"a:Action{number}", large(number))
    waiting.node.add_dependency(granted.policy_dependable)
    (waited_for,) = one(Template.from_stack(stack), "Test::Any::Thing")["DependsOn"]
    made = Template.from_stack(stack).find_resources(POLICY)
    assert len(made) == 2
    assert "a:Action7" in str(made[waited_for])


def test_refuses_more_than_ten_policies_take() -> None:
    """One fault, which names the role."""
    role = new_role(new_stack())
    for number in range(60):
        allow(role, f"a:Action{number}", large(number))
    (fault,) = role.faults
    assert "into 10 policies of 6144 characters" in fault.allowed
    assert "Test/Role" in fault.given


def test_refuses_a_statement_that_no_policy_takes() -> None:
    """A single statement cannot be split."""
    role = new_role(new_stack())
    allow(role, "a:B", *map(large, range(7)))
    (fault,) = role.faults
    assert (fault.place, fault.remedy) == ("a statement", "name fewer resources")


@pytest.mark.parametrize(
    ("document", "size"),
    [
        ("abc", 5),
        ({"A": "b", "C": ["d", "e"]}, len('{"A":"b","C":["d","e"]}')),
        ({"Ref": "AWS::AccountId"}, len('"123456789012"')),
        ({"Fn::Join": [":", ["a", {"Ref": "AWS::Region"}]]}, len('"a:ap-southeast-2"')),
    ],
)
def test_size_is_that_without_white_space(document: Any, size: int) -> None:
    """Known values count as they are, pseudo parameters as their longest value."""
    assert size <= policy_size(document, 5) <= size + 2


def test_size_of_a_reference_leaves_room_for_its_names() -> None:
    """The ARN of a service in a cluster fits into what is reckoned for a reference."""
    arn = (
        "arn:aws-us-gov:ecs:ap-southeast-2:123456789012:service/"
        "MyStack-Cluster0123ABCD-0123456789AB/MyStack-EsService661E3AFF-0123456789AB"
    )
    assert policy_size({"Ref": "EsService661E3AFF"}, len("MyStack")) >= len(arn) + 2


@needs_ids_of_wildcards
def test_an_explained_wildcard_is_acknowledged() -> None:
    """Exactly the finding, with the reason, on the policy."""
    stack = new_stack()
    role = new_role(stack)
    allow(role, "ecr:GetAuthorizationToken")
    explain_wildcards(role, ["ecr:GetAuthorizationToken"], ["*"], "It knows no resource.")
    app = stack.node.root
    assert isinstance(app, App)
    app.synth()
    assert acknowledged(role) == {f"{IAM5}[Resource::*]": "It knows no resource."}


@pytest.mark.parametrize(("said", "synthesizes"), [("InvalidValidationId: …", True), ("…", False)])
def test_an_old_cdk_takes_no_finding_and_synthesizes(
    said: str, synthesizes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 2.269 it refuses the id; what else it may refuse is passed on."""

    def refuse(*_: object) -> None:
        raise RuntimeError(said)

    monkeypatch.setattr(wildcards, "acknowledge", refuse)
    stack = new_stack()
    role = new_role(stack)
    allow(role, "a:Known")
    explain_wildcards(role, ["a:Known"], ["*"], "Why.")
    with nullcontext() if synthesizes else pytest.raises(RuntimeError, match=said):
        Template.from_stack(stack)
    assert acknowledged(role) == {}


def test_a_wildcard_that_is_not_explained_stays_a_finding() -> None:
    """Also if another action on the same resource is explained, or the action elsewhere."""
    stack = new_stack()
    role = new_role(stack)
    explain_wildcards(role, ["a:Known"], ["*", "arn:of/*"], "Why.")
    allow(role, "a:Known")
    allow(role, "a:Unknown")
    allow(role, "a:Known", "arn:else/*")
    Template.from_stack(stack)
    assert acknowledged(role) == {}


def test_a_reason_without_its_wildcard_acknowledges_nothing() -> None:
    """Nothing is accepted that does not occur, and no exact resource."""
    stack = new_stack()
    role = new_role(stack)
    explain_wildcards(role, ["a:Known"], ["*"], "Why.")
    allow(role, "a:Known", "arn:one")
    Template.from_stack(stack)
    assert acknowledged(role) == {}


@needs_ids_of_wildcards
def test_the_finding_names_what_is_imported_from_another_stack() -> None:
    """As cdk-nag flattens it: only in synthesis a reference becomes an import."""
    app = new_app()
    vault, stack = new_stack("Vault", app), new_stack("Test", app)
    key = kms.Key(vault, "Key")
    role = new_role(stack)
    allow(role, "a:Known", f"{key.key_arn}/*", f"arn:{stack.partition}:x/*")
    explain_wildcards(role, ["a:Known"], [f"{key.key_arn}/*", f"arn:{stack.partition}:x/*"], "Why.")
    app.synth()
    imported, own = sorted(acknowledged(role), key=lambda rule: "AWS::Partition" in rule)
    assert imported.startswith(f"{IAM5}[Resource::Vault:ExportsOutput")
    assert imported.endswith("/*]")
    assert own == f"{IAM5}[Resource::arn:<AWS::Partition>:x/*]"


def test_reasons_are_for_roles_of_the_library_only() -> None:
    """The role of the user stays as it is: its owner answers for it."""
    stack = new_stack()
    role = iam.Role(stack, "Own", assumed_by=LAMBDA)
    explain_wildcards(role, ["a:B"], ["*"], "Why.")
    allow(role, "a:B")
    template = Template.from_stack(stack)
    template.resource_count_is(INLINE_POLICY, 1)
    template.resource_count_is(POLICY, 0)
