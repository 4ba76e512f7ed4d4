"""One machine on which processes die, stop and go on at every point where that tells.

A run lives in one transaction that is rolled back; what is a transaction of the product is a
savepoint in it. Points are: before and after each commit, exchange, download and rename.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

WRITES = ("INSERT", "UPDATE", "DELETE")
UNDOING = ("ROLLBACK", "RELEASE")  # what a dead process leaves to the database
DEEPEST = 2  # how many stopped processes others may overtake


class Killed(BaseException):
    """kill -9, as far as one process may play that it died."""


class Machine:
    """Runs one process at a time; where one is stopped, others run meanwhile."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.kills = self.stops = self.locks = 0.0  # how likely at each point
        self.told: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self._depth = 0  # transactions around
        self._running = 0
        self._dead = False

    def run(self, process: Callable[[], object]) -> bool:
        """Let a process work until it ends, dies or meets the database's refusal; True if ended."""
        around = (self._depth, self._dead, connection.run_on_commit)
        self._depth, self._dead, connection.run_on_commit = 0, False, []
        self._running += 1
        try:
            process()
        except Killed as killed:
            self.told.append(f"killed at {killed}")
            return False
        except DatabaseError as error:
            if "simulated" not in str(error):
                raise
            self.told.append("locked out")
            return False
        else:
            self._run_commit_hooks()
            return True
        finally:
            self._running -= 1
            self._depth, self._dead, connection.run_on_commit = around
            connection.needs_rollback = False

    def point(self, name: str) -> None:
        """Here the process may die, or be stopped while others go on."""
        if not self._running or self._dead or self._depth:
            return
        if self.dice.random() < self.kills:
            self._die(name)
        if self.dice.random() < self.stops and self._running <= DEEPEST:
            self.told.append(f"stopped at {name}")
            self.meanwhile()
            self.told.append(f"goes on at {name}")

    def _die(self, name: str) -> None:
        self._dead = True
        raise Killed(name)

    def _run_commit_hooks(self) -> None:
        """What the database does once something is committed."""
        while connection.run_on_commit:
            connection.run_on_commit.pop(0)[1]()

    # ---- Transactions and statements ----

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Until the end all transactions and statements have their points."""
        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(transaction.Atomic, "__enter__", self._entering())
            patch.setattr(transaction.Atomic, "__exit__", self._leaving())
            stack.enter_context(connection.execute_wrapper(self._execute))
            yield

    def _entering(self) -> Callable[[transaction.Atomic], None]:
        enter = transaction.Atomic.__enter__

        def entered(atomic: transaction.Atomic) -> None:
            self.point("begin")
            self._perhaps_locked()
            enter(atomic)
            self._depth += 1

        return entered

    def _leaving(self) -> Callable[..., None]:
        leave = transaction.Atomic.__exit__

        def left(
            atomic: transaction.Atomic,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            self._depth -= 1
            last = self._depth == 0 and self._running and not self._dead
            if kind is None and last and self.dice.random() < self.kills:
                self._dead = True
                leave(atomic, Killed, Killed("commit"), None)
                raise Killed("before commit")
            leave(atomic, kind, error, trace)
            if kind is None and last:
                self._committed()

        return left

    def _committed(self) -> None:
        if self.dice.random() < self.kills:
            self._die("after commit, before its jobs")
        self._run_commit_hooks()
        self.point("after commit")

    def _execute(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self._dead and not sql.startswith(UNDOING):
            raise Killed("dead")
        writes = sql.startswith(WRITES)
        if writes:
            self.point("write")
        result = execute(sql, params, many, context)
        if writes and "RETURNING" not in sql:  # whose row is still to be read
            self.point("written")
        return result

    def _perhaps_locked(self) -> None:
        if self._running and not self._depth and self.dice.random() < self.locks:
            raise OperationalError("database is locked (simulated)")
