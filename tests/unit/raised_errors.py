"""Which errors of ours a function raises, itself or by what it calls, read from the source.

A call counts if the source tells what it calls: a name of the module, a class (then `__init__` and
`__post_init__`), or a method or property of `self`, `cls`, `super()` or a class.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

import griffe
from public_objects import target

_CONSTRUCTORS = ("__init__", "__post_init__")
_DEFERRED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class RaisedErrors:
    """Looks through the functions of one package.

    Args:
        package: The package, loaded with its modules.
        family: The class whose subclasses count, by its path in the package.
    """

    def __init__(self, package: griffe.Module, family: str) -> None:
        self._package = package
        self._family = target(package[family]).path
        self._known: dict[str, frozenset[str]] = {}

    def of(self, found: griffe.Object) -> frozenset[str]:
        """The paths of what a function or a property raises, or making an object of a class."""
        if found.path in self._known:
            return self._known[found.path]
        self._known[found.path] = frozenset()
        raised: frozenset[str] = frozenset()
        if found.is_class:
            made = [found.all_members[name] for name in _CONSTRUCTORS if name in found.all_members]
            raised = raised.union(*(self.of(target(member)) for member in made))
        elif found.is_function or "property" in found.labels:
            # Nothing is there of the `__init__` that a dataclass gets.
            functions = ast.parse(textwrap.dedent(str(found.source))).body
            nodes = [each for function in functions for each in ast.iter_child_nodes(function)]
            raised = frozenset(error for each in nodes for error in self._in(each, found))
        self._known[found.path] = raised
        return raised

    def kinds(self, error: str) -> set[str]:
        """The names under which an error may be documented: its own and those of its bases."""
        found = self._object(error)
        assert isinstance(found, griffe.Class)
        return {found.name, *(base.name for base in found.mro())}

    def _in(self, node: ast.AST, found: griffe.Object) -> Iterator[str]:
        if isinstance(node, _DEFERRED):
            return
        if isinstance(node, ast.Try):
            caught = {name for handler in node.handlers for name in _caught(handler)}
            for statement in node.body:
                for error in self._in(statement, found):
                    if not self.kinds(error) & caught:
                        yield error
            rest: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
        else:
            called = self._called(node, found)
            if called is None:
                pass
            elif self._is_error(called):
                yield called.path
            else:
                yield from self.of(called)
            rest = list(ast.iter_child_nodes(node))
        for each in rest:
            yield from self._in(each, found)

    def _called(self, node: ast.AST, found: griffe.Object) -> griffe.Object | None:
        """What a node calls or raises, if the source tells."""
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            called = self._named(node.exc.func, found)
            return called if called and self._is_error(called) else None
        if isinstance(node, ast.Call):
            called = self._named(node.func, found)
            return None if called and self._is_error(called) else called
        if isinstance(node, ast.Attribute):
            read = self._named(node, found)
            return read if read and "property" in read.labels else None
        return None

    def _named(self, node: ast.expr, found: griffe.Object) -> griffe.Object | None:
        if isinstance(node, ast.Name):
            try:
                return self._object(found.resolve(node.id))
            except griffe.NameResolutionError:
                return None
        if not isinstance(node, ast.Attribute):
            return None
        owner = self._owner(node.value, found)
        member = owner.all_members.get(node.attr) if owner else None
        return target(member) if member else None

    def _owner(self, node: ast.expr, found: griffe.Object) -> griffe.Object | None:
        own = found.parent if isinstance(found.parent, griffe.Class) else None
        if isinstance(node, ast.Name) and node.id in ("self", "cls"):
            return own
        if own and ast.unparse(node) == "super()":
            return next(iter(own.mro()), None)
        named = self._named(node, found)
        return named if isinstance(named, griffe.Class | griffe.Module) else None

    def _object(self, path: str) -> griffe.Object | None:
        try:
            return target(self._package.modules_collection[path])
        except (KeyError, griffe.AliasResolutionError):
            return None

    def _is_error(self, found: griffe.Object) -> bool:
        if not isinstance(found, griffe.Class):
            return False
        return self._family in (found.path, *(base.path for base in found.mro()))


def _caught(handler: ast.ExceptHandler) -> set[str]:
    """What a handler ends; none if it raises it again."""
    again = any(isinstance(each, ast.Raise) and not each.exc for each in ast.walk(handler))
    if again or handler.type is None:
        return set()
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(kind).rpartition(".")[2] for kind in kinds}
