"""The four dialects, and the accounts in them: what each API key may do, and its credits left."""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple


class SandboxDialect(NamedTuple):
    """`path` follows the address of the sandbox; `scheme` is that of the Authorization header."""

    name: str
    path: str
    scheme: str
    demo_key: str
    english: str
    chinese: str

    @property
    def authorization(self) -> str:
        """The header of a request with the demo key."""
        return f"{self.scheme} {self.demo_key}"


# Vidu is at the root, as on its own host; the others have base paths that tell them apart.
DIALECTS = (
    SandboxDialect(
        "vidu", "", "Token", "sandbox-studio", "Vidu's official API.", "Vidu 官方接口。"
    ),
    SandboxDialect(
        "relay", "/relay", "Bearer", "sandbox-relay", "The Bearer relay.", "Bearer 中转。"
    ),
    SandboxDialect(
        "vivienne",
        "/vivienne",
        "Bearer",
        "sandbox-vivienne",
        "Vivienne's gateway.",
        "Vivienne 网关。",
    ),
    SandboxDialect(
        "apixo", "/apixo", "Bearer", "sandbox-apixo", "APIXO's vidu-q3.", "APIXO 的 vidu-q3。"
    ),
)


def dialect_named(name: str) -> SandboxDialect:
    return next(each for each in DIALECTS if each.name == name)


# ---- Accounts -------------------------------------------------------------------------------

INITIAL_CREDITS = 100_000
SLOTS = 5
SLOTS_BY_DIALECT = {"apixo": 10}  # docs/wire.md, 5.6
REQUESTS_PER_MINUTE = 60


@dataclass(slots=True)
class SandboxAccount:
    """`credits` are whole units of the dialect; `slots` are the tasks that may run at once.

    `calls` are the times of the last minute's requests, in dialects that count them.
    """

    key: str
    credits: int
    slots: int
    requests_per_minute: int = REQUESTS_PER_MINUTE
    calls: deque[float] = field(default_factory=deque)

    @property
    def is_forbidden(self) -> bool:
        return self.key.startswith("sandbox-forbidden")

    @property
    def is_busy(self) -> bool:
        return self.key.startswith("sandbox-busy")

    @property
    def refuses_over_slots(self) -> bool:
        return self.key.startswith("sandbox-quota")

    def count_request(self, now: float) -> bool:
        """Count a request; False if it is one too many within the last 60 seconds."""
        # A sliding window: a count that starts anew each minute would let 120 pass within a second.
        while self.calls and self.calls[0] <= now - 60:
            self.calls.popleft()
        if len(self.calls) >= self.requests_per_minute:
            return False
        self.calls.append(now)
        return True


def is_known_key(key: str) -> bool:
    return key.startswith("sandbox-") and "bad" not in key


def account_name(dialect: str, key: str) -> str:
    """The name of the account of a key; one key at two providers has two accounts."""
    return key if dialect == "vidu" else f"{dialect} {key}"


def open_account(name: str) -> SandboxAccount:
    """A new account with this name; the words in its key say what it may do."""
    # So a test, or a person, chooses an account by writing its key, and sets nothing up before.
    dialect, key = name.split(" ", 1) if not name.startswith("sandbox-") else ("vidu", name)
    return SandboxAccount(
        key,
        _initial_credits(key),
        _count_in_key(key, "slots", SLOTS_BY_DIALECT.get(dialect, SLOTS)),
        _count_in_key(key, "rate", REQUESTS_PER_MINUTE),
    )


def _initial_credits(key: str) -> int:
    if key.startswith("sandbox-broke"):
        return 0
    return 100 if key.startswith("sandbox-few") else INITIAL_CREDITS


def _count_in_key(key: str, name: str, default: int) -> int:
    """20 for `slots` in `sandbox-a-slots20`."""
    found = re.search(rf"{name}(\d+)", key)
    return int(found[1]) if found else default
