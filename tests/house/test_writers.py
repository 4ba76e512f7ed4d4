"""Who may write what: tasks and attempts, and the words of the providers."""

import ast
import re
from collections.abc import Iterator

from .trees import TREES, functions, room, strings

WRITES = {"create", "update", "delete", "save", "bulk_create", "bulk_update", "get_or_create"}
WRITES |= {"update_or_create"}
WRITERS = (
    "generations.lifecycle.order",
    "generations.lifecycle.imports",
    "generations.lifecycle.transitions",
    "generations.billing.ledger.booked",  # only what the ledger has booked for an attempt
)
# Wire words of the providers. Our own forms, pages and rows have names of their own.
WIRE_WORDS = re.compile(
    r"\b(storyboard_video_index|video_task_ids|narration_task_id|bgm_task_id|ad-one-click"
    r"|ad-footage|ad-narration|ad-music|ad-compose|generate_video|text2video|img2video"
    r"|reference2video|start-end2video|viduq[0-9])"
)


def chain(node: ast.expr) -> Iterator[str]:
    """The names of ``Task.objects.filter(...).update``, last first."""
    while True:
        if isinstance(node, ast.Attribute):
            yield node.attr
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            break
    if isinstance(node, ast.Name):
        yield node.id


def test_tasks_and_attempts_are_written_by_the_lifecycle_alone() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in TREES.items()
        if not module.startswith(WRITERS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and {"Task", "Attempt", "tasks", "attempts"} & set(chain(node.func))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_words_of_a_provider_stand_where_it_is_spoken_to() -> None:
    wrong = [
        f"{module}:{line} {found.group()}"
        for module, tree in TREES.items()
        if room(module) not in {"providers", "sandbox"}
        for text, line in strings(tree)
        for found in WIRE_WORDS.finditer(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_one_parser_reads_the_numbers_of_addresses_and_forms() -> None:
    wrong = [
        f"{module}:{function.lineno} {function.name}"
        for module, tree in TREES.items()
        if room(module) == "web" and module != "generations.web.query"
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr in {"isdecimal", "isdigit"}
    ]
    assert not wrong, "\n".join(wrong)
