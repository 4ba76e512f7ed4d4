"""The rules of the house (docs/house.md), held by a short walk over the syntax trees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern

from generations.web import urls
from generations.web.access import ACCESS

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "generations"
FLOORS = (
    {"clock", "crash", "spreadsheets"},
    {"models", "crypto", "providers", "net", "media"},
    {"storage", "audit"},
    {"billing"},
    {"teams"},
    {"uploads"},
    {"lifecycle"},
    {"films", "sharing", "operations"},
    {"templatetags"},
    {"web", "admin", "management"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
WITHIN_A_FLOOR = {("models", "crypto")}
STAND_ALONE = {"providers", "sandbox"}  # import nothing of ours
OUTSIDE = {"sandbox", "migrations", "locale"}
BANNED_NAMES = {"utils", "helpers", "core", "common", "base"}
LIFECYCLE_STEPS = {"transitions", "queue"}

type Import = tuple[str, int]
"""What is imported, e.g. ``generations.models.tasks``, and in which line."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(HOUSE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def room(module: str) -> str:
    """``generations.models.tasks`` is in the room ``models``."""
    return module.split(".")[1] if "." in module else ""


def imports(module: str, tree: ast.AST) -> Iterator[Import]:
    """Every module that this one names in an import, resolved to its full name."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level]
            source = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield (whole if whole in MODULES else source), node.lineno


def ours(module: str, tree: ast.AST | None = None) -> Iterator[Import]:
    for name, line in imports(module, tree or TREES[module]):
        if name.split(".")[0] in {"generations", "project"}:
            yield name, line


def rooms_entered() -> Iterator[tuple[str, str, str]]:
    """(importing module, its room, imported room) for every step from one room into another."""
    for module in TREES:
        if room(module) in OUTSIDE | {""}:
            continue
        for name, line in ours(module):
            if room(name) != room(module):
                yield f"{module}:{line}", room(module), room(name)


def test_every_room_stands_on_a_floor() -> None:
    assert {room(module) for module in TREES} - {""} - OUTSIDE <= set(FLOOR)


def test_a_floor_imports_only_lower_floors() -> None:
    wrong = [
        f"{place} imports {target}"
        for place, source, target in rooms_entered()
        if FLOOR.get(target, 99) >= FLOOR[source] and (source, target) not in WITHIN_A_FLOOR
    ]
    assert not wrong, "\n".join(wrong)


def test_providers_and_the_sandbox_import_nothing_of_ours_and_no_django() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in TREES
        if room(module) in STAND_ALONE
        for name, line in imports(module, TREES[module])
        if name.split(".")[0] in {"django", "project"}
        or (name.startswith("generations") and room(name) != room(module))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_verbs_of_the_lifecycle_import_only_transitions_and_the_queue() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in TREES
        if room(module) == "lifecycle"
        for name, line in ours(module)
        if room(name) == "lifecycle" and name.split(".")[2] not in LIFECYCLE_STEPS
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_of_ours_is_imported_inside_a_function() -> None:
    wrong = [
        f"{module}:{line} imports {name} inside {function.name}"
        for module, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for name, line in ours(module, function)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_two_modules_import_each_other() -> None:
    pairs = {(module, name) for module in TREES for name, _ in ours(module) if name != module}
    two_way = sorted(f"{a} and {b}" for a, b in pairs if (b, a) in pairs and a < b)
    assert not two_way, "\n".join(two_way)


def test_there_are_no_signals() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module, tree in TREES.items()
        for name, line in imports(module, tree)
        if name.startswith("django.") and {"signals", "dispatch"} & set(name.split("."))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_has_a_name_that_says_nothing() -> None:
    folders = [HOUSE, ROOT / "project", ROOT / "tests"]
    wrong = [path for folder in folders for path in folder.rglob("*") if path.stem in BANNED_NAMES]
    assert not wrong


def test_every_address_stands_in_the_access_table_and_the_other_way_round() -> None:
    names = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    assert names == set(ACCESS)


INLINE = {
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[^=\s]*)\s*=", re.IGNORECASE),
    "an event filter": re.compile(r"hx-trigger[^=]*=\s*[\"'][^\"']*\[", re.IGNORECASE),
    "a script value": re.compile(r"=\s*[\"'](js|javascript):", re.IGNORECASE),
}


@pytest.mark.parametrize("what", INLINE)
def test_no_template_holds(what: str) -> None:
    """The content policy allows none of it, and evaluates nothing."""
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in (ROOT / "templates").rglob("*.html")
        for found in INLINE[what].finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)
