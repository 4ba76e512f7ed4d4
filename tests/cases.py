"""Tables of cases inside one test, where hundreds of tests would differ by one value."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def case(name: object) -> Iterator[None]:
    """Name the case of a table in the message of its failure."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case {name!r}")
        raise
