"""`datafi-cdk check`, against an embedded AWS in which all is there."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.local import EmbeddedAws

from .aws_double import refusing, service_quotas
from .in_process import run
from .installed import Done
from .name_server import NameServer
from .prepared_account import NEEDED_ENDPOINTS, ROOT, PreparedAccount

Change = Callable[[dict[str, Any], PreparedAccount], object]
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_REGION": "us-east-1",
}
QUOTAS = {"L-3032A538": 6.0, "L-36FBB829": 6.0, "L-F678F1CE": 5.0, "L-0263D0A3": 5.0}
ABSENT = "0" * 17
PAGE = Path(__file__).parents[2] / "docs" / "command" / "check.md"


@pytest.fixture(scope="module")
def account() -> Iterator[PreparedAccount]:
    """Everything that the configuration names."""
    with EmbeddedAws() as aws:
        yield PreparedAccount(aws)


class Trial:
    """Runs the command with changes to the configuration, the DNS and the quotas."""

    def __init__(self, account: PreparedAccount, folder: Path) -> None:
        self.account, self.folder = account, folder
        self.config = copy.deepcopy(account.config())
        self.delegation = {(ROOT, "NS"): account.name_servers}
        self.quotas = dict(QUOTAS)
        self.credentials: dict[str, str] = {}

    @property
    def server(self) -> dict[str, Any]:
        """The section of the edge server on Fargate."""
        return dict_at(self.config, "edge_servers", "long_running", 0)

    def run(self, *options: str, fails: int = 0) -> Done:
        """Run it."""
        (self.folder / "datafi.yaml").write_text(json.dumps(self.config))
        with ExitStack() as stack:
            names = stack.enter_context(NameServer(self.delegation))
            quotas = stack.enter_context(service_quotas(self.quotas))
            env = {
                **self.account.aws.environment(),
                **self.credentials,
                "AWS_ENDPOINT_URL_SERVICE_QUOTAS": quotas.url,
            }
            resolver = f"--resolver={names.address}"
            return run("check", resolver, *options, cwd=self.folder, env=env, fails=fails)

    def found(self, *, fails: int = 0) -> list[tuple[str, str, str]]:
        """Status, subject and text of all that is not well."""
        findings = self.run("--json", fails=fails).json["findings"]
        assert not [each for each in findings if each["status"] != "pass" and not each["remedy"]]
        rows = [(each["status"], each["subject"], each["text"]) for each in findings]
        return [row for row in rows if row[0] != "pass"]


def dict_at(data: Any, *path: Any) -> dict[str, Any]:
    """A mapping inside of others."""
    for key in path:
        data = data[key]
    return data  # type: ignore[no-any-return]


@pytest.fixture
def trial(account: PreparedAccount, tmp_path: Path) -> Trial:
    """One that finds all well, before changes."""
    return Trial(account, tmp_path)


def test_finds_all_well(trial: Trial) -> None:
    """Everything passes, also with what a key of its own encrypts, and the table says so."""
    done = trial.run()
    assert ", 0 warn, 0 fail" in done.out
    assert f"delegation of {ROOT}" in done.out
    assert "bootstrap" in done.out
    assert done.err == ""


def test_shows_no_secret(trial: Trial) -> None:
    """No value of a secret is in what the command writes."""
    done = trial.run("--json")
    for arn in (trial.account.es_secret, trial.account.co_secret):
        client = trial.account.aws.client("secretsmanager")
        fields = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
        assert not [name for name, value in fields.items() if value in done.out + done.err]


def test_checks_a_deployment_that_makes_everything(trial: Trial) -> None:
    """A new network counts towards quotas, and a new zone is to be delegated."""
    for key in ("vpc", "cluster_name", "load_balancer"):
        del trial.config[key]
    trial.config["dns"] = {"root_domain": f"new.{ROOT}"}
    for server in (trial.server, trial.config["coordinator"]):
        server.pop("subnet_ids")
    del trial.server["security_group_ids"]
    (row,) = trial.found()
    assert row[:2] == ("warn", f"zone of new.{ROOT}")
    trial.quotas |= {"L-F678F1CE": 2, "L-0263D0A3": 1}
    subjects = {row[1] for row in trial.found(fails=3) if row[0] == "fail"}
    assert subjects == {"VPCs in the region", "elastic IPs in the region"}


def test_finds_the_zone_of_an_earlier_deployment(trial: Trial) -> None:
    """It is told, as another would be made beside it, and its delegation is looked at."""
    del trial.config["dns"]["hosted_zone_id"]
    ((status, subject, text),) = trial.found()
    assert (status, subject) == ("warn", f"zone of {ROOT}")
    trial.delegation = {}
    _, (status, subject, text) = trial.found(fails=3)
    assert (status, subject) == ("fail", f"delegation of {ROOT}")
    assert text == "the DNS knows no name servers of it"


def set_in(*path: Any, **values: Any) -> Change:
    """A change that sets keys of a section."""
    return lambda config, _account: dict_at(config, *path).update(values)


SERVER = ("edge_servers", "long_running", 0)
EXISTING = ("load_balancer", "existing")


def arn_of(account: PreparedAccount, service: str, resource: str) -> str:
    """An ARN in the account."""
    return f"arn:aws:{service}:us-east-1:{account.aws.account}:{resource}"


def in_listener(account: PreparedAccount, name: str) -> Mapping[str, str]:
    """Listeners of a load balancer that is not there."""
    base = arn_of(account, "elasticloadbalancing", f"listener/app/{name}/aaaaaaaaaaaaaaaa")
    return {"https_listener_arn": f"{base}/aaaaaaaaaaaaaaa1"}


@pytest.mark.parametrize(
    ("change", "subject", "words"),
    [
        (set_in("vpc", vpc_id=f"vpc-{ABSENT}"), f"vpc-{ABSENT}", "does not exist"),
        (
            lambda config, account: config["vpc"].update(public_subnet_ids=account.private),
            "subnet-",
            "is private with a way out by its routes, and stands in vpc.public_subnet_ids",
        ),
        (
            lambda config, account: config["vpc"].update(private_subnet_ids=account.private[::-1]),
            "subnet-",
            "stands in vpc.private_subnet_ids where us-east-1a is",
        ),
        (
            set_in(*SERVER, subnet_ids=[f"subnet-{ABSENT}"]),
            "edge_servers.long_running[0]",
            f"subnet-{ABSENT}: not in the VPC",
        ),
        (
            set_in(*SERVER, desired_count=400),
            "tasks' addresses",
            "502 free in 2 subnets, 802 needed at most",
        ),
        (set_in(*SERVER, cpu=4096, memory_mib=8192), "Fargate vCPU, on demand", "10 needed"),
        (set_in("dns", hosted_zone_id="Z0ABSENT"), "zone Z0ABSENT", "does not exist"),
        (
            lambda config, account: config["dns"].update(hosted_zone_id=account.other_zone),
            "zone Z",
            f"example.org does not hold {ROOT}",
        ),
        (
            lambda config, account: config["dns"].update(hosted_zone_id=account.private_zone),
            "zone Z",
            f"{ROOT} is private",
        ),
        (
            lambda config, account: config["dns"].update(
                certificate_arn=arn_of(account, "acm", "certificate/absent")
            ),
            "certificate",
            "does not exist",
        ),
        (
            lambda config, account: config["dns"].update(
                certificate_arn=account.request_certificate(ROOT)
            ),
            "certificate",
            f"is for {ROOT}, and not for *.{ROOT}, es.{ROOT}",
        ),
        (
            lambda config, account: dict_at(config, *EXISTING).update(
                https_listener_arn=account.http
            ),
            "listener 443",
            "takes HTTP on 80, not HTTPS on 443",
        ),
        (
            lambda config, account: dict_at(config, *EXISTING).update(
                https_listener_arn=f"{account.https}0"
            ),
            "listener 443",
            "does not exist",
        ),
        (
            set_in("load_balancer", dual_stack=True),
            "load balancer",
            "has no IPv6 addresses, and dual_stack is true",
        ),
        (
            set_in(private=True),
            "load balancer",
            "faces the internet, and private is true",
        ),
        (
            set_in(*EXISTING, dns_name="other.example.com"),
            "load balancer",
            "the file says other.example.com",
        ),
        (
            set_in(*EXISTING, security_group_ids=[f"sg-{ABSENT}"]),
            "load balancer",
            f"and not sg-{ABSENT}",
        ),
        (
            set_in(*EXISTING, security_group_ids=[f"sg-{ABSENT}"]),
            f"security group sg-{ABSENT}",
            "does not exist",
        ),
        (
            lambda config, account: dict_at(config, *SERVER).update(
                secret_arn=arn_of(account, "secretsmanager", "secret:absent-AbCdEf")
            ),
            "secret absent",
            "there is no such secret",
        ),
        (
            set_in(*SERVER, secret_variables=["KEY", "JWT_JWKS", "OTHER"]),
            "secret es",
            "its field OTHER is missing",
        ),
        (set_in(cluster_name="absent"), "cluster absent", "does not exist"),
        (set_in(*SERVER, storage_bucket_name="absent"), "bucket absent", "does not exist"),
        (set_in(*SERVER, log_group_name="/own"), "log group /own", "does not exist"),
        (set_in(*SERVER, deployment_alarm_names=["absent"]), "alarm absent", "does not exist"),
        (
            lambda config, account: dict_at(config, *SERVER).update(
                task_role_arn=f"arn:aws:iam::{account.aws.account}:role/absent"
            ),
            "role role/absent",
            "does not exist",
        ),
        (
            lambda config, account: dict_at(config, *SERVER).update(
                storage_kms_key_arn=account.disabled_key
            ),
            "key key/",
            "is Disabled",
        ),
        (
            set_in(*SERVER, image_tag="absent"),
            "image of edge_servers.long_running[0]",
            "es has no absent",
        ),
        (
            lambda config, account: dict_at(config, *SERVER).update(
                ecr_repository_arn=arn_of(account, "ecr", "repository/absent")
            ),
            "repository repository/absent",
            "does not exist",
        ),
        (
            set_in("coordinator", image_version_parameter="/own/secret"),
            "parameter /own/secret",
            "is a SecureString",
        ),
        (
            set_in("coordinator", image_version_parameter="/absent"),
            "parameter /absent",
            "does not exist",
        ),
        (
            set_in("dns", "namespace", name="other.internal"),
            "namespace ns-",
            "the file says other.internal",
        ),
    ],
)
def test_tells_what_is_wrong(trial: Trial, change: Change, subject: str, words: str) -> None:
    """Each fault fails the check, and is told with the place and a remedy."""
    change(trial.config, trial.account)
    failures = [row for row in trial.found(fails=3) if row[0] == "fail"]
    assert [row for row in failures if row[1].startswith(subject) and words in row[2]], failures


def test_finds_a_parameter_whose_name_has_no_slash(trial: Trial) -> None:
    """Its ARN does not tell whether its name begins with one."""
    parameters = trial.account.aws.client("ssm")
    parameters.put_parameter(Name="plain", Type="SecureString", Value="none", Overwrite=True)
    arn = arn_of(trial.account, "ssm", "parameter/plain")
    trial.server["secrets"] = {"OTHER": {"parameter_arn": arn}}
    assert trial.found() == []


def test_tells_of_subnets_without_a_way_out(trial: Trial) -> None:
    """With an image in ECR, VPC endpoints are a way out; to another registry there is none."""
    config, account = trial.config, trial.account
    config["vpc"] = {"vpc_id": account.vpc}
    config["coordinator"]["subnet_ids"] = account.isolated
    ((status, place, text),) = trial.found(fails=3)
    assert (status, place) == ("fail", "coordinator")
    assert "no VPC endpoint for ecr.api, ecr.dkr, logs, secretsmanager, s3" in text
    config["coordinator"]["egress_provided"] = True
    assert [row[0] for row in trial.found()] == ["warn"]
    endpoints = account.add_endpoints(*NEEDED_ENDPOINTS, "s3")
    try:
        assert trial.found() == []
        del trial.server["ecr_repository_arn"]
        trial.server["subnet_ids"] = account.isolated
        ((_, place, text),) = trial.found(fails=3)
    finally:
        account.aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=endpoints)
    assert place == "edge_servers.long_running[0]"
    assert "by which tasks could reach the image's registry" in text


def test_warns_of_public_subnets_that_are_too_few(trial: Trial) -> None:
    """A new load balancer needs two zones, in a VPC that is looked up."""
    account = trial.account
    trial.config["vpc"] = {"vpc_id": account.vpc}
    trial.config["load_balancer"] = {"subnet_ids": [account.public[0], account.private[1]]}
    ((_, subject, text),) = trial.found(fails=3)
    assert subject == "load balancer's subnets"
    assert text == f"{account.private[1]}: no route to an internet gateway"
    trial.config["load_balancer"] = {}
    assert trial.found() == []


def test_tells_where_the_dns_leads_elsewhere(trial: Trial) -> None:
    """Other name servers than the zone's are told with those that are right."""
    trial.delegation = {(ROOT, "NS"): ["ns1.example.net.", "ns2.example.net."]}
    done = trial.run("--json", fails=3)
    (row,) = [each for each in done.json["findings"] if each["status"] == "fail"]
    assert row["subject"] == f"delegation of {ROOT}"
    assert row["text"] == "the DNS gives others: ns1.example.net, ns2.example.net"
    assert trial.account.name_servers[0].rstrip(".") in row["remedy"]


def test_tells_of_a_delegation_to_servers_that_know_nothing(trial: Trial) -> None:
    """So it is when the zone was made anew, and the parent names those of the old one."""
    trial.delegation = {(ROOT, "NS"): []}
    ((status, subject, text),) = trial.found(fails=3)
    assert (status, subject) == ("fail", f"delegation of {ROOT}")
    assert text == f"the name servers that the DNS leads to for {ROOT} know nothing of it"


def test_does_not_check_what_the_dns_does_not_answer(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that says nothing is a warning."""
    monkeypatch.setattr("datafi_cdk.cli.check.resolver._SECONDS", 0.1)
    done = trial.run("--json", "--resolver=127.0.0.1:9")
    assert [each["text"][:23] for each in done.json["findings"] if each["status"] == "warn"] == [
        "not checked: no resolve"
    ]


def test_warns_of_rules_of_others(trial: Trial) -> None:
    """Priorities of others in the range are told, outside of it they are none of its business."""
    account = trial.account
    rule = account.aws.client("elbv2").create_rule(
        ListenerArn=account.https,
        Priority=7,
        Conditions=[{"Field": "host-header", "Values": ["www.example.org"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )["Rules"][0]["RuleArn"]
    try:
        ((status, subject, text),) = trial.found()
        assert (status, subject) == ("warn", "rules of 443")
        assert text == "other rules have priorities in 1 to 50000: 7"
        trial.config["load_balancer"]["existing"]["lowest_priority"] = 8
        assert trial.found() == []
    finally:
        account.aws.client("elbv2").delete_rule(RuleArn=rule)


def test_refuses_to_go_on_in_another_account(trial: Trial) -> None:
    """Another account fails at once, and nothing else is asked of it."""
    trial.config["aws"]["account"] = "111111111111"
    text = json.dumps(trial.config).replace(trial.account.aws.account, "111111111111")
    trial.config = json.loads(text)
    rows = trial.found(fails=3)
    assert [row[:2] for row in rows] == [("fail", "account"), ("warn", "AWS")]
    assert "000000000000, aws.account is 111111111111" in rows[0][2]


def test_refuses_to_go_on_in_another_region(trial: Trial) -> None:
    """A region that is not the configuration's fails at once."""
    done = trial.run("--region=eu-central-1", "--json", fails=3)
    fails = [each["subject"] for each in done.json["findings"] if each["status"] == "fail"]
    assert fails == ["region"]


def test_tells_of_what_is_in_another_region(trial: Trial) -> None:
    """Also if the file itself leaves account and region to whoever deploys."""
    del trial.config["aws"]
    assert trial.found() == []
    elsewhere = trial.account.certificate.replace("us-east-1", "eu-west-1")
    trial.config["dns"]["certificate_arn"] = elsewhere
    certificate, rest = trial.found(fails=3)
    assert certificate[:2] == ("fail", "dns.certificate_arn")
    assert certificate[2].endswith(f"not in {trial.account.aws.account}, us-east-1")
    assert rest[0] == "warn"


def test_tells_of_an_account_that_is_not_bootstrapped(trial: Trial) -> None:
    """A missing or an old bootstrap stack is told with the command that mends it."""
    name = "/cdk-bootstrap/hnb659fds/version"
    ssm = trial.account.aws.client("ssm")
    try:
        ssm.put_parameter(Name=name, Type="String", Value="5", Overwrite=True)
        assert trial.found(fails=3) == [
            ("fail", "bootstrap", "is of version 5, and must be of 6 or higher")
        ]
        ssm.delete_parameter(Name=name)
        done = trial.run("--json", fails=3)
        (remedy,) = {each["remedy"] for each in done.json["findings"] if each["remedy"]}
        assert remedy == "run: cdk bootstrap aws://000000000000/us-east-1"
    finally:
        ssm.put_parameter(Name=name, Type="String", Value="21", Overwrite=True)


def test_follows_the_qualifier_of_the_app(trial: Trial) -> None:
    """An app that names one in its cdk.json has a bootstrap stack of its own."""
    settings = {"context": {"@aws-cdk/core:bootstrapQualifier": "acme"}}
    (trial.folder / "cdk.json").write_text(json.dumps(settings))
    name = "/cdk-bootstrap/acme/version"
    assert trial.found(fails=3) == [("fail", "bootstrap", f"there is no parameter {name}")]
    trial.account.aws.client("ssm").put_parameter(Name=name, Type="String", Value="21")
    assert trial.found() == []


def test_warns_of_what_it_may_not_ask(trial: Trial) -> None:
    """A service that refuses is a warning with the permission, and the others are asked."""
    (trial.folder / "datafi.yaml").write_text(json.dumps(trial.config))
    with NameServer(trial.delegation) as names, refusing("AccessDenied") as double:
        env = {
            **trial.account.aws.environment(),
            "AWS_ENDPOINT_URL_ACM": double.url,
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": double.url,
        }
        resolver = f"--resolver={names.address}"
        done = run("check", resolver, "--json", cwd=trial.folder, env=env)
    rows = {each["subject"]: each for each in done.json["findings"] if each["status"] == "warn"}
    action = "elasticloadbalancing:DescribeLoadBalancers"
    assert rows["load balancer"]["text"] == f"not checked: these credentials may not call {action}"
    assert rows["load balancer"]["remedy"] == f"allow {action}, and check again"
    assert {"listener 443", "listener 50051", "quotas of the load balancer"} <= rows.keys()


def test_the_documented_policy_is_enough(tmp_path: Path) -> None:
    """A role with that policy gets all answers, and one without any is refused all."""
    (policy,) = re.findall(r"```json\n(.+?)```", PAGE.read_text(), re.DOTALL)
    with EmbeddedAws(enforce_iam=True) as aws:
        trial = Trial(PreparedAccount(aws), tmp_path)
        arn, iam = trial.account.role, aws.client("iam")
        assumed = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="check")
        trial.credentials = {
            "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
        }
        refused = trial.found()
        iam.put_role_policy(RoleName="own", PolicyName="check", PolicyDocument=policy)
        assert trial.found() == []
    assert {row[0] for row in refused} == {"warn"}
    assert {row[1] for row in refused} > {"bootstrap", "network", "certificate", "load balancer"}


def offline(folder: Path, text: str, *options: str, fails: int = 0) -> Done:
    """Run it with a configuration and without credentials."""
    (folder / "datafi.yaml").write_text(text)
    env = {"AWS_EC2_METADATA_DISABLED": "true"}
    return run("check", *options, cwd=folder, env=env, fails=fails)


FINE = f"deployment_name: acme\ndns: {{root_domain: {ROOT}}}\n"
SERVERS = "edge_servers: {long_running: [{name: es}]}\n"


def test_says_that_aws_was_not_asked(tmp_path: Path) -> None:
    """Without credentials the file is checked, and a warning says that AWS was not."""
    done = offline(tmp_path, FINE + SERVERS, "--json")
    rows = [(each["status"], each["text"]) for each in done.json["findings"]]
    assert rows == [
        ("pass", "valid; 1 on Fargate: es"),
        ("warn", "was not asked: no credentials"),
    ]
    assert offline(tmp_path, FINE + SERVERS, "--offline", "--json").json["counts"] == {
        "pass": 1,
        "warn": 0,
        "fail": 0,
    }


def test_tells_every_fault_of_the_file(tmp_path: Path) -> None:
    """Each fault is a row with its line."""
    done = offline(tmp_path, FINE + "edge_servers: {long_running: [{name: ES, cpu: 3}]}\n", fails=3)
    assert "datafi.yaml:3: edge_servers.long_running[0].name" in done.out
    assert "datafi.yaml:3: edge_servers.long_running[0].cpu" in done.out
    assert "0 pass, 0 warn, 2 fail" in done.out


def test_tells_of_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    """What cannot be read at all is a row, too."""
    assert "must be YAML" in offline(tmp_path, "dns: [", fails=3).out


def test_tells_that_there_is_no_file(tmp_path: Path) -> None:
    """Without a file nothing can be checked."""
    done = run("check", "--config=absent.yaml", cwd=tmp_path, fails=1)
    assert "absent.yaml must be an existing file" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "the AWS credentials have expired"),
        ("InvalidClientTokenId", "AWS does not know these credentials"),
    ],
)
def test_tells_of_credentials_that_aws_does_not_take(tmp_path: Path, code: str, words: str) -> None:
    """One sentence, and no table that says half of it."""
    (tmp_path / "datafi.yaml").write_text(FINE + SERVERS)
    with refusing(code) as double:
        env = {**CREDENTIALS, "AWS_ENDPOINT_URL": double.url, "NO_PROXY": "127.0.0.1"}
        done = run("check", cwd=tmp_path, env=env, fails=1)
    assert words in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_tells_that_no_region_is_named(tmp_path: Path) -> None:
    """Before anything is asked, as no answer would be of use."""
    (tmp_path / "datafi.yaml").write_text(FINE + SERVERS)
    env = {**CREDENTIALS, "AWS_REGION": "", "HTTPS_PROXY": "http://127.0.0.1:9"}
    assert "no AWS region is named" in run("check", cwd=tmp_path, env=env, fails=1).err


def test_tells_of_a_profile_that_is_not_there(tmp_path: Path) -> None:
    """A profile that was asked for is not passed over."""
    (tmp_path / "datafi.yaml").write_text(FINE + SERVERS)
    done = run("check", "--profile=absent", cwd=tmp_path, fails=1)
    assert "absent" in done.err


def test_the_file_alone_is_checked_without_the_cdk(tmp_path: Path) -> None:
    """Neither aws-cdk-lib nor boto3 is loaded, which takes seconds."""
    (tmp_path / "datafi.yaml").write_text(FINE + SERVERS)
    code = (
        "import sys\n"
        "from datafi_cdk.cli.commands import app\n"
        "app(['check', '--offline'], standalone_mode=False)\n"
        "print({'aws_cdk', 'jsii', 'boto3', 'grpc'} & sys.modules.keys())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith("set()\n"), done.stdout + done.stderr
