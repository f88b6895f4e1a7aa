"""The real `cdk` command deletes a zone in which ACM left its record, and touches no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import CdkCli, EmbeddedAws

pytestmark = pytest.mark.long

_APP = """
from datafi_cdk import EdgeDns
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack

app = App()
stack = Stack(app, "Names")
policy = RemovalPolicy.{policy}
dns = EdgeDns(stack, "Dns", root_domain="edge.example.com", removal_policy=policy)
CfnOutput(stack, "ZoneId", value=dns.hosted_zone.hosted_zone_id)
app.synth()
"""
_OTHER = ("_e5f6.edge.example.com.", "validation.example.net.")


@dataclass
class Names:
    """The deployed app and its zone."""

    aws: EmbeddedAws
    cdk: CdkCli
    zone_id: str

    def change(self, action: str, name: str, target: str) -> None:
        """Create or delete a CNAME record, as others than the stack do."""
        values = [{"Value": target}]
        record = {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": values}
        self.aws.client("route53").change_resource_record_sets(
            HostedZoneId=self.zone_id,
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
        )

    def aliases(self) -> list[tuple[str, str]]:
        """The CNAME records of the zone."""
        answer = self.aws.client("route53").list_resource_record_sets(HostedZoneId=self.zone_id)
        return [
            (record["Name"], record["ResourceRecords"][0]["Value"])
            for record in answer["ResourceRecordSets"]
            if record["Type"] == "CNAME"
        ]

    def zones(self) -> list[str]:
        """The ids of the zones that there are."""
        zones = self.aws.client("route53").list_hosted_zones()["HostedZones"]
        return [zone["Id"].rpartition("/")[2] for zone in zones]


@pytest.fixture
def names(embedded_aws: EmbeddedAws, make_cdk: Callable[[str], CdkCli]) -> Iterator[Names]:
    """A deployed zone in which ACM left its record."""
    cdk = make_cdk(_APP.format(policy="DESTROY"))
    cdk.bootstrap()
    cdk.deploy()
    made = Names(embedded_aws, cdk, _output(embedded_aws, "ZoneId"))
    yield made
    if made.zone_id in made.zones():
        for record in made.aliases():
            made.change("DELETE", *record)
        cdk.destroy()


def _output(aws: EmbeddedAws, key: str) -> str:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="Names")["Stacks"]
    outputs: list[dict[str, Any]] = stack["Outputs"]
    return next(str(entry["OutputValue"]) for entry in outputs if entry["OutputKey"] == key)


def test_destroys_a_zone_that_holds_the_validation_record(names: Names) -> None:
    """`cdk destroy` removes the record, then the zone, which could not go before."""
    route53 = names.aws.client("route53")
    with pytest.raises(route53.exceptions.HostedZoneNotEmpty):
        route53.delete_hosted_zone(Id=names.zone_id)
    names.cdk.destroy()
    assert names.zone_id not in names.zones()


def test_leaves_every_other_record(names: Names) -> None:
    """A record that is not ACM's stays, and so does the zone, until somebody removes it."""
    names.change("CREATE", *_OTHER)
    with pytest.raises(LocalAwsError, match="Names"):
        names.cdk.destroy()
    assert names.aliases() == [_OTHER]
    names.change("DELETE", *_OTHER)
    names.cdk.destroy()
    assert names.zone_id not in names.zones()


def test_leaves_the_record_of_a_zone_that_is_to_be_kept(names: Names) -> None:
    """Without DESTROY the clean-up goes and the record stays, by which ACM renews."""
    app = names.cdk.app_directory / "app.py"
    before = app.read_text()
    ((_, target),) = validation = names.aliases()
    assert target.endswith(".acm-validations.aws.")
    app.write_text(_APP.format(policy="RETAIN"))
    names.cdk.deploy()
    functions = names.aws.client("lambda").list_functions()["Functions"]
    assert not [name for f in functions if (name := f["FunctionName"]).startswith("Names-")]
    assert names.aliases() == validation
    app.write_text(before)
    names.cdk.deploy()
