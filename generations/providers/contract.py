"""What every provider adapter takes and gives.

An adapter is pure translation. Each call is a *flow*: a generator that yields an
``httpx.Request``, is sent the ``httpx.Response`` (or is thrown the ``httpx`` exception), and
returns a value. ``generations.net.drive`` runs flows; a test can run them without a socket.

Errors are named by what the caller must do::

    ProviderError
    ├── Refused        said no, for good: nothing runs, nothing is charged; tell the person
    ├── Unauthorised   the key or its balance is the trouble: pause the credential
    ├── Unavailable    not taken, or not answered now: ask again later
    └── Unclear        a paid POST may have been taken: never send it again by machine
"""

import enum
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx

type Flow[T] = Generator[httpx.Request, httpx.Response, T]


class State(enum.StrEnum):
    """The words of a task that is in a provider's hands (contract 1.2)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ProviderError(Exception):
    """Something that the provider, or the way to it, did; see the tree above.

    ``code`` is the provider's own word (``FieldInvalid``) or one of ours for the way there
    (``unreachable``, ``no_answer``, ``garbled``). ``message`` is the provider's sentence, with no
    key in it. ``raw`` is the reply as text, kept on the attempt; "" where nothing came back.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        raw: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = status
        self.raw = raw
        self.retry_after = retry_after


class Refused(ProviderError):
    """Said no for good; ordering the same again would be refused again."""


class Unauthorised(ProviderError):
    """The key, its rights or its balance; every order on this credential would fail."""


class Unavailable(ProviderError):
    """Certainly not taken (a create), or not answered this time (a question); ask again later."""


class Unclear(ProviderError):
    """A create whose outcome is unknown once bytes may have left."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one account: what a credential becomes once its key is opened."""

    base_url: str
    key: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an order: sides in pixels, ``size`` in bytes.

    ``address`` is a data URI or an address that the provider can reach, "" while the order is only
    judged. ``name`` is how the prompt calls it (``@name``), "" where it does not; pictures of one
    name show one subject.
    """

    width: int
    height: int
    size: int
    name: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FilmPart:
    """What an order makes anew of an ad film, by the provider's numbers; ``shot`` counts from 0.

    A footage names its shot; a composition its ``takes`` (one for each shot, in the film's order),
    its narration and its music.
    """

    film: str
    shot: int | None = None
    takes: tuple[str, ...] = ()
    narration: str = ""
    music: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing asked for, in the catalogue's words; ``duration`` in seconds.

    "" and None mean that the person did not say: the provider's own default holds.
    """

    kind: str
    model: str
    prompt: str
    duration: int | None = None
    resolution: str = ""
    aspect_ratio: str = ""
    seed: int | None = None
    images: Sequence[Picture] = ()
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    reference: str = ""
    callback_url: str = ""
    part: FilmPart | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took an order. ``cost`` in the provider's unit, None where it does not say."""

    number: str
    state: State = State.QUEUED
    cost: int | None = None
    code: str = ""
    message: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One link of a finished task; ``part`` is ``video``, ``cover``, ``watermarked`` or ``audio``.

    ``number`` is the provider's own id of the creation ("" where it has none).
    """

    part: str
    url: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of one task now.

    ``state`` is None for a word that we do not know: keep the last state and log ``word`` once.
    ``code`` and ``message`` tell why a task failed. ``progress`` is 0 to 100, None where not told.
    ``learned`` is what the account's options should hold from now on, e.g. the path that answered.
    ``told`` repeats the order (``model``, ``prompt``, ``aspect_ratio``), as far as the reply does.
    """

    state: State | None
    word: str = ""
    progress: int | None = None
    cost: int | None = None
    results: Sequence[Result] = ()
    code: str = ""
    message: str = ""
    reference: str = ""
    raw: str = ""
    learned: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """One take in a film's tree; ``url`` is its link, "" where it has none yet."""

    number: str
    state: State | None
    word: str = ""
    prompt: str = ""
    url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class FilmShot:
    """All takes of one shot; ``index`` counts from 0."""

    index: int
    records: Sequence[FilmRecord] = ()


@dataclass(frozen=True, slots=True)
class FilmCut:
    """One composition and the numbers of what was joined in it, as far as the provider says."""

    number: str
    state: State | None
    word: str = ""
    url: str = ""
    code: str = ""
    takes: Sequence[str] = ()
    narration: str = ""
    music: str = ""


@dataclass(frozen=True, slots=True)
class FilmReport:
    """An ad film's whole tree now; ``unread`` counts what has no number or no place in it."""

    state: State | None
    word: str = ""
    code: str = ""
    shots: Sequence[FilmShot] = ()
    narrations: Sequence[FilmRecord] = ()
    musics: Sequence[FilmRecord] = ()
    cuts: Sequence[FilmCut] = ()
    unread: int = 0
    raw: str = ""


@dataclass(frozen=True, slots=True)
class RingRequest:
    """A callback as it was received; header names in lower case, ``query`` without the ``?``."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Verdict(enum.StrEnum):
    """What a callback's own evidence is worth; it never moves a task by itself."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    FORGED = "forged"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Ring:
    """A callback, read: ``number`` and ``word`` are hints only, "" where the body has none."""

    verdict: Verdict
    number: str = ""
    word: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has left, in the provider's unit, and how many tasks it may run at once."""

    remaining: int
    slots: int | None = None
    running: int | None = None
    queued: int | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of a provider's own list of tasks; ``created_at`` as the provider wrote it."""

    number: str
    state: State | None
    prompt: str = ""
    model: str = ""
    created_at: str = ""


class Provider(Protocol):
    """One provider kind. Every method that talks is a flow; ``read_ring`` needs no network.

    A provider without a balance, a list or a cancel is never asked for one (it would refuse with
    ``not_offered``). ``rings_signed``: only a signed callback is believed to be the provider's.
    ``rings_name``: each callback names its task. Which kinds can be ordered, and so whether there
    are films to ask for, is the catalogue's to tell.
    """

    kind: str
    unit: str
    has_balance: bool
    has_list: bool
    can_cancel: bool
    rings_signed: bool
    rings_name: bool

    def echoes_reference(self, kind: str) -> bool:
        """Whether a task of this kind can be proved ours by the reference that its order had."""
        ...

    def wants_rings(self, access: Access) -> bool:
        """Whether an order on this account may carry the address of a callback."""
        ...

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """Order once. Raises Refused, Unauthorised, Unavailable (not taken) or Unclear."""
        ...

    def check(self, access: Access, number: str) -> Flow[Report]:
        """Ask for one task. Raises Refused (unknown number), Unauthorised or Unavailable."""
        ...

    def cancel(self, access: Access, number: str) -> Flow[None]:
        """Ask to stop one task. Refused where it is too late."""
        ...

    def balance(self, access: Access) -> Flow[Balance]:
        """Ask what is left."""
        ...

    def test(self, access: Access) -> Flow[None]:
        """A free call that proves the key. Unauthorised where it is bad."""
        ...

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        """List tasks created between two ISO 8601 instants, newest first."""
        ...

    def film(self, access: Access, number: str) -> Flow[FilmReport]:
        """Ask for the tree of a finished ad film. Raises as ``check`` does."""
        ...

    def read_ring(self, access: Access, request: RingRequest, *, now: float) -> Ring:
        """Judge and read a callback; ``now`` in Unix seconds. Never raises on a bad body."""
        ...
