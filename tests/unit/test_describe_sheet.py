"""What the sheet tells of unusual apps."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

from assemblies import edge, ref, resource, rule, write_assembly
from datafi_cdk.cli.describe.contents import describe
from datafi_cdk.cli.describe.document import as_data
from datafi_cdk.cli.describe.render import markdown
from datafi_cdk.topology import find_problems, reachability, read_topology


def sheet(folder: Path, resources: dict[str, Any]) -> str:
    """The sheet of an app with these resources, as Markdown."""
    topology = read_topology(write_assembly(folder, {"App": {"Resources": resources}}))
    reaches = reachability(topology)
    return markdown(describe(topology, reaches, find_problems(topology, reaches)))


def part(folder: Path, resources: dict[str, Any], title: str) -> str:
    """One section of the sheet."""
    [found] = [one for one in sheet(folder, resources).split("\n## ") if title in one[:80]]
    return found


def test_the_order_of_a_template_does_not_matter(tmp_path: Path) -> None:
    """The data is the same for resources in any order."""
    resources = edge()
    resources |= {f"Vpc{one}": resource("AWS::EC2::VPC") for one in range(9)}

    def data() -> dict[str, Any]:
        shuffled = dict(random.sample(list(resources.items()), len(resources)))
        topology = read_topology(write_assembly(tmp_path, {"App": {"Resources": shuffled}}))
        return as_data(topology, reachability(topology), ())

    assert str(data()) == str(data())


def test_all_data_is_told_of_in_the_documentation(tmp_path: Path) -> None:
    """Each key of `--json` stands in the table."""
    topology = read_topology(write_assembly(tmp_path, {"App": {"Resources": edge()}}))
    told = (Path(__file__).parents[2] / "docs/command/describe.md").read_text()
    assert [key for key in as_data(topology, (), ()) if f"`{key}`" not in told] == []


def test_markdown_has_no_links_code_or_columns_from_the_templates(tmp_path: Path) -> None:
    """A description of a rule is text, whatever it holds."""
    resources = edge()
    [group_rule] = resources["LbGroup"]["Properties"]["SecurityGroupIngress"]
    group_rule["Description"] = r"[a](b) `c` d\|e &lt; ~f~ <g> *h* _i_"
    assert (r"\[a\](b) \`c\` d\\\|e &amp;lt; \~f\~ &lt;g&gt; \*h\* \_i\_ |") in sheet(
        tmp_path, resources
    )


def test_paths_have_no_control_characters(tmp_path: Path) -> None:
    """Neither those that a terminal acts upon, nor those that turn a text around."""
    resources = edge()
    resources["Tasks"]["Metadata"] = {"aws:cdk:path": "App/\x1b[31m\x9bx\u202egroup"}
    assert "App/ [31m x group" in sheet(tmp_path, resources).replace("\\[", "[")


def test_a_rule_to_an_existing_target_group_is_told_of(tmp_path: Path) -> None:
    """What is behind it is not known, that it is reached is."""
    resources = edge()
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/old/73e2"
    resources["Old"] = rule(20, "Group", host=["old.example.com"])
    resources["Old"]["Properties"]["Actions"] = [{"Type": "forward", "TargetGroupArn": arn}]
    told = part(tmp_path, resources, "What can be reached")
    assert f"| 10.1.0.0/16 | old.example.com | 80 HTTP | 20 | existing {arn} |" in told


def test_a_name_without_a_record_is_told_of_as_reached_in_part(tmp_path: Path) -> None:
    """So are other networks that are connected, where all addresses are let in."""
    resources = edge()
    resources["Zone"] = resource("AWS::Route53::HostedZone", Name="example.com")
    resources["Record"]["Properties"] |= {"HostedZoneId": ref("Zone"), "Name": "x.example.com"}
    [group_rule] = resources["LbGroup"]["Properties"]["SecurityGroupIngress"]
    group_rule["CidrIp"] = "0.0.0.0/0"
    told = part(tmp_path, resources, "What can be reached")
    _, part_of_it = told.split("### Reached in part")
    assert "| es | VPC existing vpc-1 | es.example.com |" in part_of_it
    assert "can connect to the address of a load balancer and ask for any name" in told
    assert "networks that are connected to it" in told


def test_what_else_may_lead_in_is_named(tmp_path: Path) -> None:
    """Ways that are not followed stand where ways in are looked for."""
    resources = {
        "Api": resource("AWS::ApiGatewayV2::Api"),
        "Distribution": resource("AWS::CloudFront::Distribution"),
    }
    told = part(tmp_path, resources, "What can be reached")
    assert "AWS::ApiGatewayV2::Api, AWS::CloudFront::Distribution." in told
    assert "Not followed" not in part(tmp_path, edge(), "What can be reached")


def test_stores_that_are_public_or_not_encrypted_are_told(tmp_path: Path) -> None:
    """A database with a public address, and a bucket that serves pages to all."""
    resources = {
        "Database": resource("AWS::RDS::DBInstance", PubliclyAccessible=True),
        "Files": resource("AWS::EFS::FileSystem", Encrypted=True),
        "Bucket": resource(
            "AWS::S3::Bucket",
            AccessControl="PublicRead",
            WebsiteConfiguration={"IndexDocument": ""},
        ),
    }
    told = part(tmp_path, resources, "Where data lies")
    assert "| Database | encryption is not asked for, has a public address |" in told
    assert "| Files | encrypted |" in told
    assert (
        "| Bucket | encrypted by S3, no public access, ACL PublicRead, serves a website |" in told
    )


def test_who_is_let_through_is_told(tmp_path: Path) -> None:
    """A rule that asks for a login says so, unless it lets others pass too."""
    resources = edge()
    login: dict[str, Any] = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {}}
    resources["Rule"]["Properties"]["Actions"].insert(0, login)
    said = "who is let through by authenticate-oidc"
    assert said in part(tmp_path, resources, "What can be reached")
    login["AuthenticateOidcConfig"]["OnUnauthenticatedRequest"] = "allow"
    assert said not in sheet(tmp_path, resources)


def test_tasks_that_no_service_runs_are_told_of(tmp_path: Path) -> None:
    """Something else may start them; what they are is not in the sheet."""
    resources = edge()
    assert "no service runs" not in sheet(tmp_path, resources)
    resources["Job"] = resource("AWS::ECS::TaskDefinition", ContainerDefinitions=[])
    assert "| AWS::ECS::TaskDefinition that no service runs | 1 |" in sheet(tmp_path, resources)


def test_ways_through_several_load_balancers_are_told_apart(tmp_path: Path) -> None:
    """With only one there is nothing to tell."""
    resources = edge()
    assert "Load balancer |" not in part(tmp_path, resources, "What can be reached")
    resources |= {
        "Second": {**resources["Lb"]},
        "SecondListener": copy.deepcopy(resources["Listener"]),
    }
    resources["SecondListener"]["Properties"]["LoadBalancerArn"] = ref("Second")
    told = part(tmp_path, resources, "What can be reached")
    assert "| 10.1.0.0/16 | any | 80 HTTP | fixed-response 404 | Lb |" in told
    assert "| 10.1.0.0/16 | any | 80 HTTP | fixed-response 404 | Second |" in told


def test_descriptions_of_rules_name_resources_by_their_path(tmp_path: Path) -> None:
    """As all else does."""
    resources = edge()
    [group_rule] = resources["LbGroup"]["Properties"]["SecurityGroupIngress"]
    group_rule["Description"] = {"Fn::Join": ["", ["from ", {"Fn::GetAtt": ["Lb", "X"]}]]}
    assert "| from &lt;Lb.X&gt; |" in sheet(tmp_path, resources)


def test_stacks_whose_template_is_elsewhere_are_told_of(tmp_path: Path) -> None:
    """What they make is not in the sheet."""
    resources = {"Nested": resource("AWS::CloudFormation::Stack", TemplateURL="https://x.com/t")}
    told = part(tmp_path, resources, "does not tell of")
    assert "| AWS::CloudFormation::Stack whose template is not in the folder | 1 |" in told


def test_existing_groups_may_let_more_in(tmp_path: Path) -> None:
    """What the templates say of them is not all."""
    resources = edge()
    said = "Groups that exist already can have more rules"
    assert said not in sheet(tmp_path, resources)
    resources["Lb"]["Properties"]["SecurityGroups"].append("sg-1")
    assert said in part(tmp_path, resources, "Who may connect")


def test_a_missing_tls_policy_is_told(tmp_path: Path) -> None:
    """AWS's default lets old versions of TLS in."""
    resources = edge()
    assert "default |" not in part(tmp_path, resources, "Names and listeners")
    resources["Listener"]["Properties"]["Protocol"] = "HTTPS"
    assert "| 80 | HTTPS | AWS's default |" in part(tmp_path, resources, "Names and listeners")
