"""The words of the house: docs/glossary.md, one class name each, verbs for what writes."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from .trees import ROOT, TREES, functions, room, strings

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
# The sandbox and the adapters speak their providers' words on the wire.
WIRE_ROOMS = {"providers", "sandbox"}
OF_PYTHON = {"strip"}  # str.strip
DOCUMENTS = ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md")
QUESTION = re.compile(r"_*(is|has|may|can)_")


def words_not_any_more() -> set[str]:
    """The words in code quotes in the last column of the glossary's table."""
    rows = [line.split("|") for line in GLOSSARY.splitlines() if line.startswith("|")]
    return {word for row in rows for word in re.findall(r"`(\w+)`(?! as)", row[3])}


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def test_the_glossary_is_kept() -> None:
    gone = words_not_any_more() - OF_PYTHON
    assert len(gone) > 20
    wrong = [
        f"{module}:{line} {name}"
        for module, tree in TREES.items()
        if room(module) not in WIRE_ROOMS
        for name, line in identifiers(tree)
        if name.strip("_").lower() in gone
    ]
    assert not wrong, "\n".join(wrong)


def test_no_class_name_stands_in_two_files() -> None:
    files = defaultdict(set)
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in {"Meta", "Command", "Media"}:
                files[node.name].add(module)
    twice = {name: sorted(where) for name, where in files.items() if len(where) > 1}
    assert not twice


def test_a_question_answers_yes_or_no() -> None:
    """What is named ``is_``, ``has_``, ``may_`` or ``can_`` returns a bool and writes nothing."""
    wrong = [
        f"{module}:{function.lineno} {function.name}"
        for module, tree in TREES.items()
        for function in functions(tree)
        if QUESTION.match(function.name)
        if not (isinstance(function.returns, ast.Name) and function.returns.id == "bool")
        or any(
            isinstance(node, ast.Attribute) and node.attr in {"update", "create", "delete", "save"}
            for node in ast.walk(function)
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_every_document_that_is_cited_is_here() -> None:
    """``docs/wire.md, 2.10`` names a section; nothing cites what is not in the repository."""
    elsewhere = re.compile(r"\b([Cc]ontract|[Dd]esign) [0-9]")
    wrong = []
    for module, tree in TREES.items():
        for text, line in strings(tree):
            wrong += [f"{module}:{line} {found.group()}" for found in elsewhere.finditer(text)]
            wrong += [f"{module}:{line} {cited}" for cited in broken_citations(text)]
    for path in [*(ROOT / "docs").glob("*.md"), *(ROOT / name for name in DOCUMENTS)]:
        text = path.read_text(encoding="utf-8")
        wrong += [f"{path.name}: {cited}" for cited in broken_citations(text)]
    assert not wrong, "\n".join(wrong)


def broken_citations(text: str) -> Iterator[str]:
    for name, section in re.findall(r"docs/([\w-]+\.md)(?:, ([0-9]+(?:\.[0-9]+)*))?", text):
        path = ROOT / "docs" / name
        if not path.exists():
            yield name
        elif section and not re.search(
            rf"^#+ {re.escape(section)} ", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            yield f"{name}, {section}"
