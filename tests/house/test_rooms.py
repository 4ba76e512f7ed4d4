"""The rooms of the house (docs/house.md): who imports whom, and what a file may be called."""

import ast
import re
from collections.abc import Iterator
from pkgutil import resolve_name

from django.urls import URLPattern

from generations.lifecycle.queue import JOBS
from generations.web import urls
from generations.web.access import ACCESS

from .trees import HOUSE, ROOT, TREES, imports, ours, room

# Lowest first: a room imports only rooms that stand below it.
FLOORS = (
    {"clock", "crash", "spreadsheets", "providers"},
    {"models", "crypto", "net", "media"},
    {"storage"},
    {"billing"},
    {"teams"},
    {"uploads", "sources"},
    {"lifecycle"},
    {"films", "sharing", "operations"},
    {"templatetags"},
    {"web", "admin", "management"},
)
# What the pages of web/ may share. Everything else in web/ is a page folder of its own.
SHARED_BY_PAGES = {"access", "query", "layout", "messages", "files"}
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
WITHIN_A_FLOOR = {("models", "crypto")}
STAND_ALONE = {"providers", "sandbox"}  # import nothing of ours
OUTSIDE = {"sandbox", "migrations", "locale"}
BANNED_NAMES = {"utils", "helpers", "core", "common", "base"}
GERUND = re.compile(r"[a-z]+ing")
FIELD_NOUNS = {"billing", "sharing", "string"}
LIFECYCLE_STEPS = {"transitions", "queue"}


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


def test_a_job_points_to_a_function_that_is_there() -> None:
    """Job names are strings, so that a lower floor can queue work of a higher one."""
    missing = [path for path in JOBS.values() if not callable(resolve_name(path))]
    assert not missing


def test_a_page_folder_imports_no_other_page_folder() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in TREES
        if module.startswith("generations.web.") and module != "generations.web.urls"
        for name, line in ours(module)
        if name.startswith("generations.web.")
        and (page := name.split(".")[2]) not in SHARED_BY_PAGES
        and page != module.split(".")[2]
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


def test_no_file_has_a_name_that_says_nothing_or_what_it_does() -> None:
    folders = [HOUSE, ROOT / "project", ROOT / "tests"]
    stems = [
        (path, path.stem.removeprefix("test_")) for one in folders for path in one.rglob("*.py")
    ]
    wrong = [str(path) for path, stem in stems if stem in BANNED_NAMES]
    wrong += [
        str(path) for path, stem in stems if GERUND.fullmatch(stem) and stem not in FIELD_NOUNS
    ]
    assert not wrong, "\n".join(wrong)


def test_every_address_stands_in_the_access_table_and_the_other_way_round() -> None:
    names = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    assert names == set(ACCESS)
