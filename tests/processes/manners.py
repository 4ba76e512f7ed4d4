"""What became of each order of a manner: kept whole, told to a person, or neither.

A manner is a way in which providers differ from their documents; the sandbox plays it for an order
whose prompt has its word in square brackets, and knows the truth of what it made and charged.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import batched
from typing import Any

from tests.processes.site import PROMPT, Site

DIALECTS = ("vidu", "relay", "vivienne", "apixo")


BATCH = 80  # within the minute that a command of the tests may take


class Outcome(StrEnum):
    RIGHT = "right"
    TOLD = "told"
    WRONG = "wrong"


@dataclass(frozen=True)
class Manner:
    """One manner at one dialect; ``expected`` is the least that must come of it."""

    word: str
    kind: str
    dialect: str
    expected: str
    options: Mapping[str, Any]
    number: int

    @property
    def prompt(self) -> str:
        return f"{PROMPT}, no. {self.number} [{self.word}]"


def manners(site: Site, *words: str) -> list[Manner]:
    """All manners that the sandbox can play, or those whose word begins with one of these."""
    rows = site.provider.ask("manners")["manners"]
    pairs = [
        (row, dialect)
        for row in rows
        for dialect in row["dialects"]
        if not words or row["word"].startswith(words)
    ]
    return [
        Manner(row["word"], row["kind"], dialect, row["outcome"], row["order"], number)
        for number, (row, dialect) in enumerate(pairs)
    ]


def order_all(site: Site, wanted: Sequence[Manner]) -> None:
    """Order each of them once, on keys of its dialect."""
    order_prompts(site, [(each.dialect, each.prompt, dict(each.options)) for each in wanted])


def order_prompts(site: Site, orders: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """Order a clip of each dialect, prompt and options; each batch on keys of its own."""
    listed = site.data.parent / "orders.json"
    for batch in batched(orders, BATCH):
        listed.write_text(json.dumps(batch))
        site.do(f"order_manners(provider={site.provider.url!r}, listed={str(listed)!r})")


@dataclass(frozen=True)
class Clip:
    """What the site says of one order in the end."""

    task: int
    state: str
    why: str
    alarm: str
    kept: frozenset[str]
    missing: int
    booked: int | None
    closed: bool

    @property
    def is_told(self) -> bool:
        return bool(self.alarm) or self.state in {"unclear", "failed", "cancelled"}


def clips(site: Site) -> dict[str, Clip]:
    """Every order by its prompt."""
    files: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for task, state, sha256 in site.rows(
        "SELECT task_id, state, sha256 FROM generations_file WHERE role = 'video'"
    ):
        files[task].append((state, sha256))
    ends = (
        "SELECT a.task_id, CASE e.kind WHEN 'settle' THEN e.amount ELSE 0 END"
        " FROM generations_entry e"
        " JOIN generations_attempt a ON a.id = e.attempt_id"
        " WHERE e.kind IN ('settle', 'release') AND NOT e.carried"
    )
    closed: dict[int, int | None] = dict(site.rows(ends))
    return {
        prompt: Clip(
            task,
            state,
            reason or obstacle,
            alarm,
            frozenset(sha for kept, sha in files[task] if kept == "stored"),
            sum(kept != "stored" for kept, _sha in files[task]),
            closed.get(task),
            task in closed,
        )
        for task, prompt, state, reason, obstacle, alarm in site.rows(
            "SELECT id, prompt, state, reason, obstacle, alarm FROM generations_task"
        )
    }


def is_settled(clip: Clip) -> bool:
    """Whether nothing more is to be waited for: a person was told, or all is kept."""
    return clip.is_told or (clip.state == "succeeded" and bool(clip.kept) and not clip.missing)


@dataclass(frozen=True)
class Verdict:
    manner: Manner
    outcome: Outcome
    detail: str

    def __str__(self) -> str:
        return f"{self.manner.kind} {self.manner.dialect} [{self.manner.word}]: {self.detail}"


def judge(site: Site, ordered: Sequence[Manner]) -> list[Verdict]:
    truth: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for task in site.provider.ask("truth")["tasks"]:
        if task["is_ordered"]:
            truth[task["prompt"]].append(task)
    found = clips(site)
    return [_judge(each, found[each.prompt], truth[each.prompt]) for each in ordered]


def _judge(manner: Manner, clip: Clip, made: Sequence[Mapping[str, Any]]) -> Verdict:
    wrong = ", ".join(_faults(manner, clip, made))
    if wrong:
        return Verdict(manner, Outcome.WRONG, wrong)
    is_right = (
        clip.state == "failed" and clip.closed
        if manner.expected == "refused"
        else clip.state == "succeeded" and bool(clip.kept) and not clip.alarm
    )
    return Verdict(manner, Outcome.RIGHT if is_right else Outcome.TOLD, clip.alarm or clip.why)


def _faults(manner: Manner, clip: Clip, made: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    said = f"{clip.state} {clip.why} {clip.alarm!r}"
    if len(made) > 1:
        yield f"created {len(made)} times"
    true = {file["sha256"] for task in made for file in task["files"]}
    if clip.kept - true:
        yield "kept other bytes than the provider's"
    if not is_settled(clip):
        yield f"neither kept nor told: {said}"
    if manner.expected == "told" and not clip.is_told:
        yield f"nobody was told: {said}"
    if manner.expected == "refused" and (made or not clip.closed):
        yield f"not refused: {said}"
    has_film = any(task["state"] == "success" for task in made)
    if has_film and clip.state == "failed":
        yield f"a film was made and called failed: {said}"
    if clip.booked is not None and made and clip.booked != sum(task["cost"] for task in made):
        yield f"booked {clip.booked} for {sum(task['cost'] for task in made)}"


def report(verdicts: Sequence[Verdict]) -> str:
    """A line for each kind, then one for each order that is not right."""
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for each in verdicts:
        counts[each.manner.kind][each.outcome] += 1
    kinds = sorted(counts, key=lambda kind: int(kind[1:]))
    lines = [f"{'':8}" + "".join(f"{outcome:>8}" for outcome in Outcome)]
    lines += [
        f"{kind:8}" + "".join(f"{counts[kind][outcome]:8}" for outcome in Outcome) for kind in kinds
    ]
    for outcome in (Outcome.TOLD, Outcome.WRONG):
        lines += [f"{outcome} {each}" for each in verdicts if each.outcome is outcome]
    return "\n".join(lines)
