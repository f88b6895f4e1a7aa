"""`datafi-cdk diagram`, as it is installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from .canary import CANARY, with_canaries
from .in_process import run

Synthesized = Callable[[str], Path]
EXAMPLES = ("quickstart", "many_servers", "existing_load_balancer")
SVG = "{http://www.w3.org/2000/svg}"


class SvgExtension(SingleFileSnapshotExtension):
    """Keeps each drawing in a file that a browser shows."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


def drawing(example: str, synthesized: Synthesized, folder: Path) -> ElementTree.Element:
    """The SVG of an example."""
    done = run("diagram", synthesized(example), cwd=folder)
    return ElementTree.fromstring(done.out)  # noqa: S314


def rectangles(root: ElementTree.Element, style: str) -> Iterator[tuple[float, ...]]:
    """Left, top, right and bottom of the rectangles of a style."""
    for one in root.iter(f"{SVG}rect"):
        if one.get("class") == style:
            x, y, width, height = (float(one.get(n, "")) for n in ("x", "y", "width", "height"))
            yield x, y, x + width, y + height


@pytest.mark.parametrize("example", EXAMPLES[:2])
def test_svg_is_as_before(
    example: str, synthesized: Synthesized, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    """The drawing of one server and of thirty."""
    done = run("diagram", synthesized(example), cwd=tmp_path)
    assert done.out == snapshot(extension_class=SvgExtension)


@pytest.mark.parametrize("example", EXAMPLES[:2])
def test_mermaid_is_as_before(
    example: str, synthesized: Synthesized, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    """The flowchart of one server and of thirty."""
    done = run("diagram", synthesized(example), "--format", "mermaid", cwd=tmp_path)
    assert done.out == snapshot


@pytest.mark.parametrize("example", EXAMPLES)
def test_boxes_do_not_overlap_and_hold_their_text(
    example: str, synthesized: Synthesized, tmp_path: Path
) -> None:
    """No two boxes touch, all lie on the page, and each text ends before its box does."""
    root = drawing(example, synthesized, tmp_path)
    page = next(rectangles(root, "page"))
    boxes = []
    for group in root.iter(f"{SVG}g"):
        *_, box = rectangles(group, "box")
        boxes.append(box)
        assert all(inner <= outer for inner, outer in zip(box[2:], page[2:], strict=True))
        for words in group.iter(f"{SVG}text"):
            size = {"title": 13, "text": 11, "kind": 10}[words.get("class", "")]
            right = float(words.get("x", "")) + 0.62 * size * len(words.text or "")
            assert right <= box[2], words.text
            assert box[1] < float(words.get("y", "")) < box[3]
    assert len(boxes) > 4
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            beside = one[2] < other[0] or other[2] < one[0]
            below = one[3] < other[1] or other[3] < one[1]
            assert beside or below


def test_svg_stands_by_itself_and_can_be_read_aloud(
    synthesized: Synthesized, tmp_path: Path
) -> None:
    """Title and description, dark colours, and nothing that is fetched."""
    root = drawing("quickstart", synthesized, tmp_path)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Architecture of DatafiEdge"
    assert "1 service" in (root.findtext(f"{SVG}desc") or "")
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    assert not re.search(r"url\(|@import|@font-face", style)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == {
        "svg", "title", "desc", "style", "rect", "text", "path", "g",
    }  # fmt: skip


def test_every_server_name_port_and_store_is_in_the_drawing(
    synthesized: Synthesized, tmp_path: Path
) -> None:
    """What the template has is there to be found in the text."""
    root = drawing("quickstart", synthesized, tmp_path)
    words = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    for part in (
        "Internet",
        "es.edge.example.com",
        "internet-facing load balancer",
        "443 HTTPS, else 404",
        "Fargate service es datafi/es:latest",
        "gRPC 443, 50051 → 50051",
        "HTTP 443 → 80",
        "private subnets",
        "1 NAT gateway",
        "UpdateApi-es",
        "docker.io",
    ):
        assert part in words


@pytest.mark.parametrize(
    ("name", "start"), [("a.svg", "<svg"), ("a.mmd", "---"), ("a.mermaid", "---")]
)
def test_writes_a_file_as_it_ends(
    name: str, start: str, synthesized: Synthesized, tmp_path: Path
) -> None:
    """The ending tells the form; nothing is written to standard output."""
    done = run("diagram", synthesized("quickstart"), "--out", name, cwd=tmp_path)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert (done.out, done.err) == ("", f"Wrote {name}.\n")


def test_is_the_same_every_time(synthesized: Synthesized, tmp_path: Path) -> None:
    """Byte for byte, also with another order of hashes."""
    outputs = {
        run("diagram", synthesized("quickstart"), cwd=tmp_path, env={"PYTHONHASHSEED": seed}).out
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("form", ["svg", "mermaid"])
def test_shows_no_value_that_may_be_secret(
    form: str, synthesized: Synthesized, tmp_path: Path
) -> None:
    """A template's values are not drawn, wherever they stand."""
    copy = with_canaries(synthesized("quickstart"), tmp_path)
    done = run("diagram", copy, "--format", form, cwd=tmp_path)
    assert CANARY not in done.out + done.err


def test_refuses_a_file_with_another_ending(synthesized: Synthesized, tmp_path: Path) -> None:
    """The endings that there are are named, and nothing is written."""
    done = run("diagram", synthesized("quickstart"), "--out", "a.png", cwd=tmp_path, fails=1)
    assert "a.png ends in neither .svg, .mmd, .mermaid" in done.err
    assert not (tmp_path / "a.png").exists()


def test_tells_that_there_is_no_cdk_out(tmp_path: Path) -> None:
    """One sentence with the way to make one."""
    done = run("diagram", cwd=tmp_path, fails=1)
    assert "run `cdk synth` first" in done.err


def assert_valid_labels(flowchart: str) -> None:
    """Each label stands in quotation marks and has none inside."""
    for line in flowchart.splitlines():
        label: Any = re.search(r'[\[(]"(.*)"[\])]', line)
        assert label is None or not re.search(r'["<>`]', label[1].replace("<br/>", ""))


@pytest.mark.parametrize("example", EXAMPLES)
def test_mermaid_labels_are_escaped(example: str, synthesized: Synthesized, tmp_path: Path) -> None:
    """Signs that mean something to Mermaid are written as codes."""
    assert_valid_labels(
        run("diagram", synthesized(example), "--format", "mermaid", cwd=tmp_path).out
    )
