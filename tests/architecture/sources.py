"""The product's Python files as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = {"tests", "migrations", "benchmarks", "scripts", "web", "docs"}
PACKAGES = sorted(p.parent.name for p in ROOT.glob("*/__init__.py") if p.parent.name not in NOT_OURS)
PRODUCT = [name for name in PACKAGES if name != "simulator"]


@dataclass(frozen=True)
class Source:
    """A file by its path from the root."""

    path: str

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[1]

    @property
    def folder(self) -> str:
        return self.path.rsplit("/", 1)[0]

    def nodes(self) -> Iterator[ast.AST]:
        """All nodes but what only the type checker reads."""
        waiting: list[ast.AST] = [self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                continue
            yield node
            waiting.extend(ast.iter_child_nodes(node))

    def imports(self) -> set[str]:
        """Every module imported, and every name imported from one, with dots."""
        found = set()
        for node in self.nodes():
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def strings(self) -> Iterator[str]:
        """String constants that are no docstrings, also the fixed parts of f-strings."""
        documents = {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
                yield node.value


@cache
def sources(*packages: str) -> list[Source]:
    """The files of packages, of the whole product by default."""
    return [
        Source(str(path.relative_to(ROOT)))
        for package in packages or PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
