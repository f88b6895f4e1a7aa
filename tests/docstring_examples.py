"""The examples in docstrings, and a way to run one."""

from __future__ import annotations

import doctest
import re
import textwrap
from collections.abc import Mapping
from typing import Any

import griffe
from public_objects import load, public_modules, public_objects

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples(package: str) -> dict[str, str]:
    """The examples of the public objects of one of our packages, and its own, by path."""
    library = load()
    (module,) = [one for one in public_modules(library) if one.path == package]
    found = {each.path: _example(each) for each in (module, *public_objects(module))}
    return {path: example for path, example in found.items() if example}


def run(path: str, example: str, names: Mapping[str, Any]) -> None:
    """Run an example, and compare what it prints if it says what that is."""
    if example.startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(example, dict(names), path, None, None)
        told: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
        assert not told, "".join(told)
    else:
        defined = dict(names)
        exec(compile(example, path, "exec"), defined)  # noqa: S102
        for name in defined.keys() - names.keys():
            if name.startswith("test_"):
                defined[name]()


def _example(found: griffe.Object) -> str:
    for section in found.docstring.parse("google", warnings=False) if found.docstring else ():
        if section.kind is griffe.DocstringSectionKind.admonition and section.title == "Example":
            contents = textwrap.dedent(section.value.contents)
            block = _BLOCK.search(contents)
            return block[1] if block else contents if contents.startswith(">>>") else ""
    return ""
