"""`DatafiEdgeConfig.from_file`: a whole file, and files that cannot be read or hold secrets."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, InvalidInputError
from deployment import ACCOUNT, CANARY, CERTIFICATE_ARN, KEY_ARN, REGION, ROOT_DOMAIN, secret_arn

EXAMPLE = f"""\
deployment_name: acme
aws: {{account: "{ACCOUNT}", region: {REGION}}}
load_balancer: {{idle_timeout_seconds: 3600}}
dns:
  root_domain: datafi-edge.acme.com
  hosted_zone_id: Z123
  certificate_arn: {CERTIFICATE_ARN}
  enable_hosted_zone: true
  enable_namespace: false
vpc: {{vpc_id: vpc-00000123}}
edge_servers:
  long_running:
    - name: es
      cpu: 1024
      memory_mib: 2048
      desired_count: 1
      image_tag: next
      storage: true
      secret_arn: {secret_arn("es")}
      secret_kms_key_arn: {KEY_ARN}
      secret_variables: [EDGE_KEY, JWT_JWKS]
      update_secret_arn: {secret_arn("update")}
      environment: {{LOG_LEVEL: INFO, TIMEOUT: "1200", CACHE_LIFE: "1800"}}
  serverless: []
coordinator:
  name: co
  cpu: 1024
  memory_mib: 2048
  image_tag: latest
  registry: datafi.azurecr.io
  registry_credentials_secret_arn: {secret_arn("acr")}
  secret_arn: {secret_arn("co")}
  secret_variables: [KEYVAL, JWT_KID, JWT_KEY]
  environment:
    TOKEN_ISSUER: "https://login.example.com/"
    GLOBAL_COORDINATOR: "https://co-global.api.home.datafi.us"
    MODE: prod
allow_delete_resources: false
disable_stack: false
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str | bytes], DatafiEdgeConfig]:
    """Reads a file with these contents."""

    def read(text: str | bytes) -> DatafiEdgeConfig:
        path = tmp_path / "datafi.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return DatafiEdgeConfig.from_file(path)

    return read


@pytest.fixture
def refused(
    load: Callable[[str | bytes], DatafiEdgeConfig], tmp_path: Path
) -> Callable[[str | bytes], list[str]]:
    """The sentences with which a file with these contents is refused, from its name on."""

    def read(text: str | bytes) -> list[str]:
        with pytest.raises(InvalidInputError) as refusal:
            load(text)
        return str(refusal.value).replace(f"{tmp_path}/", "").splitlines()

    return read


def test_the_whole_example_loads(load: Callable[[str], DatafiEdgeConfig]) -> None:
    """A file with every key loads, and each value is where it belongs."""
    config = load(EXAMPLE)
    assert config.model_dump(exclude_unset=True) == {
        "deployment_name": "acme",
        "aws": {"account": ACCOUNT, "region": REGION},
        "load_balancer": {"idle_timeout_seconds": 3600},
        "dns": {
            "root_domain": "datafi-edge.acme.com",
            "hosted_zone_id": "Z123",
            "certificate_arn": CERTIFICATE_ARN,
            "enable_hosted_zone": True,
            "enable_namespace": False,
        },
        "vpc": {"vpc_id": "vpc-00000123"},
        "edge_servers": {
            "long_running": [
                {
                    "name": "es",
                    "cpu": 1024,
                    "memory_mib": 2048,
                    "desired_count": 1,
                    "image_tag": "next",
                    "storage": True,
                    "secret_arn": secret_arn("es"),
                    "secret_kms_key_arn": KEY_ARN,
                    "secret_variables": {"EDGE_KEY": "EDGE_KEY", "JWT_JWKS": "JWT_JWKS"},
                    "update_secret_arn": secret_arn("update"),
                    "environment": {"LOG_LEVEL": "INFO", "TIMEOUT": "1200", "CACHE_LIFE": "1800"},
                }
            ],
            "serverless": [],
        },
        "coordinator": {
            "name": "co",
            "cpu": 1024,
            "memory_mib": 2048,
            "image_tag": "latest",
            "registry": "datafi.azurecr.io",
            "registry_credentials_secret_arn": secret_arn("acr"),
            "secret_arn": secret_arn("co"),
            "secret_variables": {"KEYVAL": "KEYVAL", "JWT_KID": "JWT_KID", "JWT_KEY": "JWT_KEY"},
            "environment": {
                "TOKEN_ISSUER": "https://login.example.com/",
                "GLOBAL_COORDINATOR": "https://co-global.api.home.datafi.us",
                "MODE": "prod",
            },
        },
        "allow_delete_resources": False,
        "disable_stack": False,
    }


def test_secret_variables_may_be_a_mapping(load: Callable[[str], DatafiEdgeConfig]) -> None:
    """A mapping of variable to field is taken as it is."""
    config = load(EXAMPLE.replace("[EDGE_KEY, JWT_JWKS]", "{EDGE_KEY: es_key}"))
    assert config.edge_servers.long_running[0].secret_variables == {"EDGE_KEY": "es_key"}


def test_refuses_with_every_fault_and_its_line(refused: Callable[[str], list[str]]) -> None:
    """Faults of structure and of meaning are told together, in the order of the file."""
    text = """\
deployment_name: Acme
dns:
  root_domain: edge.example.com
  enable_hosted_zone: no

edge_servers:
  long_running:
    - name: es
      cpu: 300
      enviroment: {}
    - {memory_mib: 1, storage: 3}
    - name: es
coordinator:
  secret_arn: x
colour: red
"""
    assert [line.split(" must be ")[0] for line in refused(text)] == [
        "datafi.yaml:1: deployment_name",
        "datafi.yaml:4: dns.enable_hosted_zone",
        "datafi.yaml:9: edge_servers.long_running[0].cpu",
        "datafi.yaml:10: edge_servers.long_running[0].enviroment",
        "datafi.yaml:11: edge_servers.long_running[1].storage",
        "datafi.yaml:11: edge_servers.long_running[1].name",
        "datafi.yaml:11: edge_servers.long_running[1].memory_mib",
        "datafi.yaml:12: edge_servers.long_running[2].name",
        "datafi.yaml:13: coordinator.registry_credentials_secret_arn",
        "datafi.yaml:14: coordinator.secret_arn",
        "datafi.yaml:15: colour",
    ]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: b: c\n", 1, "YAML"),
        ("deployment_name: acme\ndns: {root_domain: x\n", 3, "YAML"),
        ("deployment_name: acme\n\tdns: x\n", 2, "YAML"),
        ("deployment_name: acme\ndns: @x\n", 2, "YAML"),
        ("deployment_name: a\n---\ndeployment_name: b\n", 2, "YAML"),
        ("", 1, "a mapping"),
        ("# nothing\n", 1, "a mapping"),
        ("- deployment_name: acme\n", 1, "a mapping"),
        ("just words\n", 1, "a mapping"),
        ("dns: &dns\n  root_domain: *dns\n", 2, "YAML"),
    ],
)
def test_refuses_what_is_no_configuration(
    refused: Callable[[str], list[str]], text: str, line: int, word: str
) -> None:
    """A file that cannot be read as keys and values is refused in one sentence with its line."""
    (sentence,) = refused(text)
    assert sentence.startswith((f"datafi.yaml:{line} ", f"datafi.yaml:{line}: "))
    assert word in sentence


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "a number of 5000 digits": (f"cpu: {'9' * 5000}", "a tag or value that is not known"),
    "a hexadecimal one": (f"cpu: 0x{'f' * 5000}", "a tag or value that is not known"),
    "no whole number": ("cpu: !!int abc", "a tag or value that is not known"),
    "no number": ("cpu: !!float abc", "a tag or value that is not known"),
    "no boolean": ("storage: !!bool abc", "a tag or value that is not known"),
    "beyond Unicode": ('image_tag: "\\U00110000"', "an escape of no character"),
    "far beyond it": ('image_tag: "\\UFFFFFFFF"', "an escape of no character"),
    "a control character": ("image_tag: a\x07", "a control character"),
    "another encoding": (b"image_tag: \xe9", "bytes of another encoding"),
    "a deep list": (f"environment: {'[' * 3000}", "more than 100 levels"),
    "a deep mapping": (f"environment: {'{a: ' * 3000}", "more than 100 levels"),
}


@pytest.mark.parametrize(("text", "word"), BROKEN.values(), ids=BROKEN)
def test_refuses_what_cannot_be_read_with_its_line(
    refused: Callable[[str | bytes], list[str]], text: str | bytes, word: str
) -> None:
    """A value that no reader can convert is one fault of the file, and no traceback."""
    given = text if isinstance(text, bytes) else text.encode()
    (sentence,) = refused(b"deployment_name: acme\n" + given + b"\ncolour: red\n")
    assert sentence.startswith("datafi.yaml:2 must be ")
    assert word in sentence


def test_refuses_keys_that_are_no_words_however_many_they_stand_for(
    refused: Callable[[str], list[str]],
) -> None:
    """A list as a key is refused with its line, and not written out, which could take for ever."""
    lists = ["&a0 [x]", *(f"&a{level} [{f'*a{level - 1}, ' * 9}]" for level in range(1, 9))]
    (sentence,) = refused(f"a: b\n? [{', '.join(lists)}]\n: 1\n")
    assert sentence.startswith("datafi.yaml:2 must be a mapping whose keys are strings")


def test_refuses_files_that_are_too_long(refused: Callable[[str], list[str]]) -> None:
    """A file is read up to a limit only, as that of another name may be of any size."""
    (sentence,) = refused("# nothing\n" * 30_000)
    assert sentence.startswith("datafi.yaml must be at most 262144 bytes long, got more")
    with pytest.raises(InvalidInputError, match="at most 262144 bytes"):
        DatafiEdgeConfig.from_file("/dev/zero")


@pytest.mark.parametrize("date", ["2024-12-31", "2024-02-30", "2024-02-30T99:00:00+99:00"])
def test_what_looks_like_a_date_is_a_string(
    load: Callable[[str], DatafiEdgeConfig], date: str
) -> None:
    """Tags that are dates need no quotes; that there is such a date is not asked."""
    config = load(EXAMPLE.replace("LOG_LEVEL: INFO", f"LOG_LEVEL: {date}"))
    assert config.edge_servers.long_running[0].environment["LOG_LEVEL"] == date


def test_what_looks_like_a_date_is_the_name_of_no_variable(
    refused: Callable[[str], list[str]],
) -> None:
    """As a key it is a string as well, and refused as any other."""
    (sentence,) = refused(EXAMPLE.replace("LOG_LEVEL: INFO", "2024-02-31: x"))
    assert "environment must be of variables named with A-Z" in sentence


def test_refuses_aliases_that_stand_for_too_much(refused: Callable[[str], list[str]]) -> None:
    """A few lines of aliases of aliases are refused at once, wide or deep as they are."""
    wide = [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]" for i in range(1, 12)]
    (sentence,) = refused("\n".join(["x0: &x0 [a]", *wide]))
    assert "at most 100000 keys and entries, with those of aliases, got more" in sentence
    deep = [f"x{i}: &x{i} [*x{i - 1}]" for i in range(1, 400)]
    (sentence,) = refused("\n".join(["x0: &x0 [a]", *deep]))
    assert "on more than 100 levels; use fewer aliases" in sentence


def test_aliases_may_repeat_a_server(load: Callable[[str], DatafiEdgeConfig]) -> None:
    """What two servers have in common is written once."""
    text = EXAMPLE.replace("    - name: es\n", "    - &es\n      name: es\n")
    text = text.replace("  serverless: []", "    - {<<: *es, name: other}")
    one, other = load(text).edge_servers.long_running
    assert one.model_copy(update={"name": "other"}) == other


@pytest.mark.parametrize("path", ["a\0b", None, 7, b"datafi.yaml"])
def test_refuses_paths_that_are_none(path: Any) -> None:
    """Neither a name that no file can have nor another type ends in a traceback."""
    with pytest.raises(InvalidInputError, match="must be"):
        DatafiEdgeConfig.from_file(path)


def test_refuses_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing file, and a folder, are refused by their path."""
    for path, word in ((tmp_path / "datafi.yml", "an existing file"), (tmp_path, "readable")):
        with pytest.raises(InvalidInputError, match=word) as refusal:
            DatafiEdgeConfig.from_file(path)
        assert str(refusal.value).startswith(f"{path} must be ")


def test_files_may_be_named_by_a_string(tmp_path: Path) -> None:
    """A path is a `str` or a `Path`."""
    path = tmp_path / "datafi.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    assert DatafiEdgeConfig.from_file(str(path)) == DatafiEdgeConfig.from_file(path)


def test_yaml_is_version_1_2(load: Callable[[str], DatafiEdgeConfig]) -> None:
    """`no`, `on` and `1_0` are strings, as in YAML 1.2: an `environment` needs no quotes."""
    text = EXAMPLE.replace("LOG_LEVEL: INFO", "LOG_LEVEL: no, MODE: on")
    environment = load(text).edge_servers.long_running[0].environment
    assert (environment["LOG_LEVEL"], environment["MODE"]) == ("no", "on")


def test_refuses_duplicate_keys_with_all_other_faults(
    refused: Callable[[bytes], list[str]],
) -> None:
    """Each by its own line, and with the line of the one that stands above."""
    sentences = refused(
        b"deployment_name: acme\ndeployment_name: acme\ndns:\n  root_domain: x\n  root_domain: x\n"
        b"edge_servers: {long_running: [{name: es, cpu: 300}]}\n"
    )
    twice = "must be the only key of its name, got another one of its name in line"
    assert [sentence.partition(";")[0] for sentence in sentences if twice in sentence] == [
        f"datafi.yaml:2: deployment_name {twice} 1",
        f"datafi.yaml:5: dns.root_domain {twice} 4",
    ]
    assert len(sentences) == 4


PASTED = {
    "secret_arn": f"secret_arn: {CANARY}",
    "update_secret_arn": f"update_secret_arn: {CANARY}",
    "secret_kms_key_arn": f"secret_kms_key_arn: {CANARY}",
    "a list for an ARN": f"secret_arn: [{CANARY}]",
    "a mapping for an ARN": f"secret_arn: {{KEY: {CANARY}}}",
    "secret variable": f"environment: {{KEY: {CANARY}}}",
    "plain variable that is wrong": f"environment: {{KEY: {CANARY}, 'A-B': {CANARY}}}",
    "name of a variable": f"environment: {{'KEY={CANARY}': x}}",
    "environment as text": f"environment: {CANARY}",
    "environment as a list": f"environment: [KEY={CANARY}]",
    "secret_variables": f"secret_variables: [{CANARY}]",
    "secret_variables as text": f"secret_variables: {CANARY}",
    "field of secret_variables": f"secret_variables: {{'A-B': {CANARY}}}",
    "variable of secret_variables": f"secret_variables: {{{CANARY}: KEY}}",
    "unknown key": f"key: {CANARY}",
    "unknown section": f"passwords: {{KEY: {CANARY}}}",
    "other secret as text": f"secrets: {{KEY: {CANARY}}}",
    "other secret by its name": f"secrets: {{'{CANARY}': {{field: x}}}}",
    "key of an unnamed one": f"secrets: {{'{CANARY}': {{colour: x, field: 'a b'}}}}",
    "field of another secret": f"secrets: {{A: {{secret_arn: x, field: '{CANARY}'}}}}",
    "parameter": f"secrets: {{A: {{parameter_arn: '{CANARY}'}}}}",
    "anchor": f"secret_arn: *{CANARY}",
    "tag": f"secret_arn: !{CANARY} x",
    "escape": f'secret_arn: "\\{CANARY}',
    "broken line": f"secret_arn: {CANARY}: x",
    "duplicate key": f"secret_arn: {CANARY}\n      secret_arn: {CANARY}",
}


@pytest.mark.parametrize("pasted", PASTED.values(), ids=PASTED)
def test_refuses_pasted_secrets_without_showing_them(
    load: Callable[[str], DatafiEdgeConfig], pasted: str
) -> None:
    """Wherever somebody pastes a secret's value, no message shows it, nor any traceback."""
    text = f"""\
deployment_name: acme
dns: {{root_domain: {ROOT_DOMAIN}}}
edge_servers:
  long_running:
    - name: es
      {pasted}
"""
    with pytest.raises(InvalidInputError) as refusal:
        load(text)
    shown = "".join(traceback.format_exception(refusal.value))
    assert "datafi.yaml:" in shown
    assert CANARY not in shown
    assert CANARY not in repr(refusal.value)


@pytest.mark.parametrize("content", [CANARY, f"export KEY={CANARY}\n"])
def test_a_file_of_secrets_is_not_shown(tmp_path: Path, content: str) -> None:
    """Somebody may name the wrong file."""
    file = tmp_path / "env.sh"
    file.write_text(content)
    with pytest.raises(InvalidInputError, match="the file must be a mapping") as refusal:
        DatafiEdgeConfig.from_file(file)
    assert CANARY not in str(refusal.value)
