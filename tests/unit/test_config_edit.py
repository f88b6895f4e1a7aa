"""Values are put into YAML without touching another byte of it."""

from pathlib import Path

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiError
from datafi_cdk.cli.secrets.config_edit import with_values
from datafi_cdk.cli.secrets.draft import read_draft, text_with_arns, write_arns
from datafi_cdk.config_yaml import new_yaml
from hypothesis import given
from hypothesis import strategies as st

ARN = "arn:aws:secretsmanager:us-east-1:111111111111:secret:datafi/acme/es-AbCdEf"
CONFIG = """\
# yaml-language-server: $schema=datafi.schema.json
deployment_name:   acme   # ours
dns: {root_domain: 'edge.example.com'}

edge_servers:
    long_running:
    -   name: "es"        # the first

        # how long
        environment:
          TIMEOUT: "1200"
    - { name: es2, image_tag: next, }   # the second
    -
        environment: {LOG_LEVEL: DEBUG}
        name: es3
coordinator:
  # who signs in
  environment:
    TOKEN_ISSUER: >-
      https://login.example.com/

# the end"""
SERVER = ("edge_servers", "long_running")


@pytest.mark.parametrize(
    ("keys", "line", "after"),
    [
        ((*SERVER, 0, "secret_arn"), f"        secret_arn: {ARN}\n", '"es"        # the first\n'),
        ((*SERVER, 1, "secret_arn"), f", secret_arn: {ARN}", "image_tag: next"),
        ((*SERVER, 2, "secret_arn"), f"        secret_arn: {ARN}\n", "name: es3\n"),
        (("coordinator", "secret_arn"), f"secret_arn: {ARN}\n  ", "# who signs in\n  "),
        (("jwt_jwks_secret_arn",), f"jwt_jwks_secret_arn: {ARN}\n", "'edge.example.com'}\n"),
    ],
)
def test_adds_a_key(keys: tuple[str | int, ...], line: str, after: str) -> None:
    """A new key stands at the end of what is on one line each, in the style of its section."""
    assert with_values(CONFIG, {keys: ARN}) == CONFIG.replace(after, after + line)


@pytest.mark.parametrize("empty", ["", " null", " ~", ' ""'])
def test_fills_an_empty_key(empty: str) -> None:
    """A key that is there without a value gets it, and keeps its comment."""
    text = f"a:\n  b:{empty}   # later\n  c: 1\n"
    assert with_values(text, {("a", "b"): ARN}) == f"a:\n  b: {ARN}   # later\n  c: 1\n"


def test_adds_to_an_empty_mapping_and_without_a_last_line_end() -> None:
    """Braces with nothing in them, and a file that ends without a line end, work too."""
    assert with_values("a: {}", {("a", "x"): "1", ("a", "y"): "2"}) == "a: {x: 1, y: 2}"
    assert with_values("a: 1", {("b",): "2"}) == "a: 1\nb: 2"


def test_keeps_windows_line_ends() -> None:
    """The new line ends as the others do."""
    assert with_values("a: 1\r\nb: 2\r\n", {("c",): "3"}) == "a: 1\r\nb: 2\r\nc: 3\r\n"


def test_takes_all_at_once(tmp_path: Path) -> None:
    """All ARNs of a deployment go in, and the file then loads."""
    (tmp_path / "datafi.yaml").write_text(CONFIG)
    draft = read_draft(tmp_path / "datafi.yaml")
    keys = [
        *((*SERVER, index, "secret_arn") for index in range(3)),
        ("coordinator", "secret_arn"),
        ("coordinator", "registry_credentials_secret_arn"),
        ("jwt_jwks_secret_arn",),
    ]
    write_arns(draft, dict.fromkeys(keys, ARN))
    written = (tmp_path / "datafi.yaml").read_text()
    config = DatafiEdgeConfig.from_file(tmp_path / "datafi.yaml")
    assert config.coordinator
    assert config.coordinator.registry_credentials_secret_arn == ARN
    assert [server.secret_arn for server in config.edge_servers.long_running] == [ARN] * 3
    left = written.replace(f", secret_arn: {ARN}", "")
    kept = [line for line in left.splitlines() if ARN not in line]
    assert kept == [line for line in CONFIG.splitlines() if ARN not in line]


def test_takes_arns_that_are_empty_for_missing(tmp_path: Path) -> None:
    """A key that waits for its ARN may stand there already."""
    path = tmp_path / "datafi.yaml"
    path.write_text(
        "deployment_name: acme\ndns: {root_domain: edge.example.com}\n"
        'edge_servers: {long_running: [{name: es, secret_arn: ""}]}\n'
        "coordinator:\n  secret_arn:   # later\n  registry_credentials_secret_arn: null\n"
    )
    draft = read_draft(path)
    keys = [("coordinator", key) for key in ("secret_arn", "registry_credentials_secret_arn")]
    write_arns(draft, dict.fromkeys([*keys, (*SERVER, 0, "secret_arn")], ARN))
    assert path.read_text().count(ARN) == 3
    assert f"  secret_arn: {ARN}   # later\n" in path.read_text()


def test_leaves_the_file_alone_if_there_is_nothing_to_add(tmp_path: Path) -> None:
    """With no ARN, not even the time of the last change becomes another one."""
    path = tmp_path / "datafi.yaml"
    path.write_text(CONFIG)
    before = path.stat().st_mtime_ns
    write_arns(read_draft(path), {})
    assert path.stat().st_mtime_ns == before


def test_refuses_a_file_that_aliases_would_change_elsewhere(tmp_path: Path) -> None:
    """Where one text stands for two servers, the keys to write by hand are told."""
    path = tmp_path / "datafi.yaml"
    text = (
        "deployment_name: acme\ndns: {root_domain: edge.example.com}\n"
        "edge_servers:\n  long_running:\n"
        "    - {name: es, environment: &shared {A: '1'}}\n"
        "    - name: es2\n      environment: *shared\n"
    )
    path.write_text(text)
    draft = read_draft(path)
    key = ("edge_servers", "long_running", 1, "environment", "B")
    with pytest.raises(DatafiError, match=r"write these keys.*\n  edge_servers.long_running\[1\]"):
        text_with_arns(draft, {key: "2"})
    assert path.read_text() == text


def test_refuses_a_file_that_was_changed_meanwhile(tmp_path: Path) -> None:
    """What somebody else has written since is not overwritten."""
    path = tmp_path / "datafi.yaml"
    path.write_text(CONFIG)
    draft = read_draft(path)
    path.write_text(f"{CONFIG}\n# edited")
    keys = [("coordinator", key) for key in ("secret_arn", "registry_credentials_secret_arn")]
    with pytest.raises(DatafiError, match="was changed meanwhile"):
        write_arns(draft, dict.fromkeys(keys, ARN))
    assert path.read_text() == f"{CONFIG}\n# edited"


def test_tells_other_faults_with_their_lines(tmp_path: Path) -> None:
    """ARNs of secrets may be missing; anything else is a fault as always."""
    path = tmp_path / "datafi.yaml"
    path.write_text(CONFIG.replace('"es" ', '"E S" ').replace("next", '"a b"'))
    with pytest.raises(DatafiError) as caught:
        read_draft(path)
    lines = str(caught.value).splitlines()
    assert [line.split(" ")[0] for line in lines] == [f"{path}:7:", f"{path}:12:"]


def test_the_data_is_what_was_meant() -> None:
    """Read back, the YAML has the value and is otherwise the same."""
    keys = (*SERVER, 0, "secret_arn")
    data, expected = (new_yaml().load(t) for t in (with_values(CONFIG, {keys: ARN}), CONFIG))
    expected["edge_servers"]["long_running"][0]["secret_arn"] = ARN
    assert data == expected


_VALUES = st.sampled_from(
    ["1", "'it''s'", '"a: b # c"', "{x: 1, y: [2, 3]}", "[]", "", "null  # none", "1 # one", "a b"]
)
_BLOCKS = st.sampled_from(
    [" |\n    text\n    more", "\n    x: 1\n    # in\n    y: 2", "\n  - 1\n  - 2"]
)
_GAPS = st.sampled_from(["", "\n", "  # about the next\n", "# far left\n\n"])


@given(
    st.lists(st.tuples(_GAPS, st.one_of(_VALUES.map(lambda value: f" {value}"), _BLOCKS))),
    _GAPS,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_style_keeps_its_bytes(
    entries: list[tuple[str, str]], end: str, newline: str, has_next: bool
) -> None:
    """However a section is written, one line comes to it, and it means what it meant."""
    section = "".join(f"{gap}  k{i}:{value}\n" for i, (gap, value) in enumerate(entries))
    text = f"a:\n{section}  last:\n    x: 1\n{end}" + ("b: 2\n" if has_next else "")
    text = text.replace("\n", newline)
    edited = with_values(text, {("a", "new"): ARN})
    expected = new_yaml().load(text)
    expected["a"]["new"] = ARN
    assert new_yaml().load(edited) == expected
    assert edited.replace(f"  new: {ARN}{newline}", "", 1) == text
