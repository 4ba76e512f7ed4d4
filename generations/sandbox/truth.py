"""What really happened, whatever replies say: POSTs, costs, balances, the bytes of files."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import files
from .context import Context
from .dialects import open_account
from .manners.catalogue import played
from .tasks import SandboxTask

CHUNK = 1 << 20


def describe(context: Context) -> dict[str, Any]:
    """All tasks with the hashes of their files, orders that made no task, and all accounts.

    `posts` counts the POSTs that had the same reference as the order of the task. Files that were
    never asked for are made now, so the answer may take its time.
    """
    with context.engine.lock:
        tasks = list(context.engine.tasks.values())
        accounts = dict(context.engine.accounts)
    posts = context.posts.counts()
    references = {context.posts.reference_of(task.order) for task in tasks if not task.part_of}
    return {
        "tasks": [_task(context, task, posts) for task in tasks],
        "posts_without_task": {
            reference: count for reference, count in posts.items() if reference not in references
        },
        "accounts": [
            {
                "name": name,
                "key": account.key,
                "opened_with": open_account(name).credits,
                "charged": sum(task.credits for task in tasks if task.account_name == name),
                "left": account.credits,
            }
            for name, account in accounts.items()
        ],
    }


def _task(context: Context, task: SandboxTask, posts: Mapping[str, int]) -> dict[str, Any]:
    order = task.order
    reference = context.posts.reference_of(order)
    return {
        "id": task.remote_id,
        "own_id": task.id,
        "dialect": task.dialect,
        "key": task.key,
        "kind": task.kind,
        "film": task.part_of or order.get("film", ""),
        "is_ordered": not task.part_of,
        "reference": reference,
        "payload": order.get("payload", ""),
        "prompt": order.get("prompt", ""),
        "posts": 0 if task.part_of else posts.get(reference, 0),
        "manners": [each.manner.word for each in played(task.dialect, task.phrases)],
        "state": task.state,
        "err_code": task.err_code,
        "cost": task.credits,
        "created_at": task.created_at,
        "ended_at": task.ended_at,
        "files": [_file(context, task, name) for name in files.file_names(task)],
    }


def _file(context: Context, task: SandboxTask, name: str) -> dict[str, Any]:
    content = files.content_of(context, task, name)
    return {
        "name": name,
        "bytes": content.size,
        "sha256": _sha256(content.path, content.size, content.padding),
        "marked": name == "watermarked.mp4",
    }


@lru_cache(maxsize=4096)
def _sha256(path: Path, size: int, padding: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    for at in range(0, padding, CHUNK):
        digest.update(bytes(min(CHUNK, padding - at)))
    return digest.hexdigest()
