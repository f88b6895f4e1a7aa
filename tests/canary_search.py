"""Finds secret values in whatever is left of a run: plain, encoded, escaped and packed."""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

_DEEPEST = 4
_PACKED_IN_BASE64 = re.compile(rb"(?:H4sI|UEsD|eJ|eNo|QlpoO)[A-Za-z0-9+/_-]{16,}={0,2}")

Place = tuple[str, str | bytes]
"""Where something was, and what was there."""


def forms(value: str) -> set[bytes]:
    """How a value looks plain, escaped for JSON, HTML, URLs and Python, in hex and in base64."""
    raw = value.encode()
    escaped = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(json.dumps(value)[1:-1])[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1].replace("/", "\\/"),
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        quote(value, safe="").lower(),
        html.escape(value),
        repr(value)[1:-1],
        raw.hex(),
        raw.hex().upper(),
        raw.hex(" "),
        raw.hex(":"),
    }
    found = {form.encode() for form in escaped}
    found |= {value.encode("utf-16-le"), value.encode("utf-16-be")}
    for alignment in range(3):
        found |= _base64_forms(raw, alignment)
    return found


def _base64_forms(raw: bytes, alignment: int) -> set[bytes]:
    """What base64 has of a value after so many bytes, without letters that others take part in."""
    encoded = base64.b64encode(bytes(alignment) + raw)
    first = -(-alignment * 8 // 6)
    last = (alignment + len(raw)) * 8 // 6
    inner = encoded[first:last]
    return {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}


def found_in(value: str, content: str | bytes) -> bool:
    """Whether a value is in some content, in any form."""
    data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    wanted = forms(value)
    return any(form in part for part in _unpacked(data) for form in wanted)


def search(values: Mapping[str, str], places: Iterable[Place]) -> list[tuple[str, str]]:
    """Where values are.

    Args:
        values: The values by what they are called; the result has none of them.
        places: Where to look, and what is there.

    Returns:
        The place and what the value is called, for each that was found.
    """
    assert all(len(value) >= 8 for value in values.values()), "too short to be told from others"
    wanted = {name: forms(value) for name, value in values.items()}
    return [
        (place, name)
        for place, content in places
        for parts in [list(_unpacked(content.encode() if isinstance(content, str) else content))]
        for name, shapes in wanted.items()
        if any(shape in part for part in parts for shape in shapes)
    ]


def files(folder: Path, *, but: Iterable[str] = ()) -> Iterator[Place]:
    """Every file in a folder, its name as well."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in but:
            name = str(file.relative_to(folder))
            yield name, name.encode(errors="surrogateescape") + b"\n" + file.read_bytes()


def _unpacked(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The data, and what is packed in it."""
    yield data
    if depth < _DEEPEST:
        for inside in (*_members(data), *_streams(data), *_in_base64(data)):
            yield from _unpacked(inside, depth + 1)


def _members(data: bytes) -> Iterator[bytes]:
    """What is in an archive, also one with something before it."""
    start = data.find(b"PK\x03\x04")
    if start >= 0 and zipfile.is_zipfile(io.BytesIO(data[start:])):
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            for member in archive.infolist():
                yield member.filename.encode() + b"\n" + archive.read(member)
    if data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            for entry in packed:
                content = packed.extractfile(entry)
                yield entry.name.encode() + b"\n" + (content.read() if content else b"")


def _streams(data: bytes) -> Iterator[bytes]:
    """What is compressed, from wherever its first bytes are."""
    for mark in (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x9c", b"\x78\xda"):
        at = data.find(mark)
        while at >= 0:
            try:
                unpacked = (
                    gzip.decompress(data[at:])
                    if mark[0] == 0x1F and at == 0
                    else zlib.decompressobj(wbits=47).decompress(data[at:])
                )
            except (EOFError, OSError, zlib.error):
                unpacked = b""
            if unpacked:
                yield unpacked
            at = data.find(mark, at + 1)


def _in_base64(data: bytes) -> Iterator[bytes]:
    """What is compressed and then written in base64."""
    for match in _PACKED_IN_BASE64.finditer(data):
        text = match[0].translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        try:
            yield base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            continue
