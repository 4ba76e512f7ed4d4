"""What every provider adapter takes and gives.

An adapter translates and does nothing else. Each call is a *flow*: a generator that yields an
``httpx.Request``, is sent the ``httpx.Response`` (or is thrown the ``httpx`` exception), and
returns a value. ``generations.net.client`` runs flows; a test can run them without a socket.

Errors are named by what the caller must do::

    ProviderError
    ├── Refused        refused for good: nothing runs, nothing is charged; tell the person
    ├── Unauthorised   the key or its balance is at fault: pause the credential
    ├── Unavailable    not taken, or not answered now: ask again later
    └── Unclear        a paid POST may have been taken: never send it again by machine

A ``Reason`` says what went wrong, for people; it is the same word whatever the provider.
"""

import enum
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx

type Flow[T] = Generator[httpx.Request, httpx.Response, T]

# The longest id of a task or a file (docs/wire.md, 1.3), and so of the columns that hold one.
REMOTE_ID_LENGTH = 255


class TaskKind(enum.StrEnum):
    """What a task makes. Each adapter maps these to its provider's addresses and words."""

    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"
    FRAMES_TO_VIDEO = "frames_to_video"  # from the first and the last frame
    REFERENCES_TO_VIDEO = "references_to_video"
    REFERENCES_TO_IMAGE = "references_to_image"  # a first frame, from words and pictures
    TEXT_TO_SPEECH = "text_to_speech"
    LIP_SYNC = "lip_sync"  # a clip whose lips follow a sound or a text
    UPSCALE = "upscale"  # a clip at a higher resolution
    SUBJECT = "subject"  # pictures of one subject, kept at the provider under a name
    FILM = "film"
    SHOT_TAKE = "shot_take"
    NARRATION_TAKE = "narration_take"
    MUSIC_TAKE = "music_take"
    FILM_CUT = "film_cut"
    IMPORTED = "imported"  # made elsewhere; nobody here knows of what


# The kinds whose result is no file; the answer to the order is all of it.
NO_FILES = frozenset({TaskKind.SUBJECT})
# What a kind makes where it is no film: the role of its main result (``models.files.FileRole``).
MAIN_ROLES: Mapping[str, str] = {
    TaskKind.REFERENCES_TO_IMAGE: "image",
    TaskKind.TEXT_TO_SPEECH: "audio",
    TaskKind.NARRATION_TAKE: "audio",
    TaskKind.MUSIC_TAKE: "audio",
}


class RemoteState(enum.StrEnum):
    """The state of a task that a provider has (docs/wire.md, 1.2)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(enum.StrEnum):
    """Why an order was refused, failed, or cannot go on; the key of the pages' sentences.

    Each adapter maps its provider's error words to these in its ``reasons.py``.
    """

    # The order: the person must change it.
    PROMPT_REFUSED = "prompt_refused"  # the words break the provider's rules
    CONTENT_REFUSED = "content_refused"  # the words or a picture break them, unknown which
    RESULT_WITHHELD = "result_withheld"  # the clip was made, and breaks the provider's rules
    SETTING_REFUSED = "setting_refused"  # a setting is missing, unknown or out of range
    PICTURE_UNUSABLE = "picture_unusable"  # the bytes are no picture that the provider can read
    PICTURE_UNFIT = "picture_unfit"  # its size, shape or format does not fit
    PICTURE_NOT_FETCHED = "picture_not_fetched"  # the provider could not load its address
    PICTURE_WITHOUT_BODY = "picture_without_body"  # it shows no whole body
    PICTURE_FACE_REFUSED = "picture_face_refused"  # a face in it was refused
    PICTURE_WITHOUT_SUBJECT = "picture_without_subject"  # it shows nothing that can be moved
    NAME_TAKEN = "name_taken"  # the account keeps another subject of that name
    FILM_NOT_FETCHED = "film_not_fetched"  # the provider could not load the film's address
    FILM_UNUSABLE = "film_unusable"  # the bytes are no film that the provider can read
    FILM_WITHOUT_FACE = "film_without_face"  # no face whose lips can move
    FILM_WITH_FACES = "film_with_faces"  # several faces, and nobody said which
    FILM_FACE_REFUSED = "film_face_refused"  # its face cannot be used
    MODEL_UNAVAILABLE = "model_unavailable"  # the provider does not offer the model now

    # The provider: the same order may succeed later.
    BUSY = "busy"  # too many requests or tasks for the provider as a whole
    SLOTS_TAKEN = "slots_taken"  # this account runs as many tasks as it may
    PROVIDER_FAULT = "provider_fault"  # an error inside the provider
    CONFLICT = "conflict"  # the provider has another order that conflicts with this one
    NOT_FOUND = "not_found"  # the provider does not know the task, or no longer knows it
    CANCELLED = "cancelled"  # somebody cancelled it at the provider

    # The account: every order on this credential would fail.
    CREDITS_SPENT = "credits_spent"  # too few credits are left
    KEY_REFUSED = "key_refused"  # the provider does not accept the key
    KEY_NOT_ALLOWED = "key_not_allowed"  # the key is good, and has not the right to do this
    KEY_MALFORMED = "key_malformed"  # the key has characters that no request can carry
    KEY_SEALED = "key_sealed"  # this site cannot decrypt the stored key
    KEY_PAUSED = "key_paused"  # a member of the team paused the credential
    KEY_REMOVED = "key_removed"  # a member of the team removed the credential
    ACCOUNT_SETTING_INVALID = "account_setting_invalid"  # a setting of the credential is unusable

    # The way there and back.
    UNREACHABLE = "unreachable"  # no connection: nothing was sent
    NO_ANSWER = "no_answer"  # sent, and no answer came back
    UNREADABLE = "unreadable"  # an answer came that nobody here can read
    REDIRECTED = "redirected"  # the account's address sends requests on to another address
    GATEWAY = "gateway"  # something before the provider answered: a proxy, a CDN, a firewall

    # This site.
    SOURCE_GONE = "source_gone"  # the film or the sound of the order is no longer stored here
    SOURCE_UNREACHABLE = "source_unreachable"  # the provider cannot fetch films from here
    PICTURE_GONE = "picture_gone"  # a picture of the order is no longer stored here
    PICTURES_UNREACHABLE = "pictures_unreachable"  # the provider cannot fetch pictures from here
    IMPORT_NOT_FOUND = "import_not_found"  # the provider never knew the id of an imported task
    NEVER_ARRIVED = "never_arrived"  # a person decided that the order was never taken
    REMOTE_ID_TAKEN = "remote_id_taken"  # another task here has that provider's id
    ANOTHER_ORDER = "another_order"  # that id is another order at the provider
    TOO_LATE = "too_late"  # the task went on before the person decided

    OTHER = "other"  # anything else: the page quotes the provider


class ProviderError(Exception):
    """An error of the provider, or of the way to it; see the tree above.

    ``code`` is the provider's own word (``FieldInvalid``), stored as evidence, or one of ours for
    the way there (``unreachable``, ``no_answer``, ``garbled``). ``reason`` is what it means.
    ``message`` is the provider's sentence, with no key in it. ``status`` is the HTTP status,
    ``retry_after`` is in seconds. ``raw`` is the reply as text, "" where nothing came back.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        reason: Reason = Reason.OTHER,
        status: int | None = None,
        raw: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.reason = reason
        self.status = status
        self.raw = raw
        self.retry_after = retry_after


class Refused(ProviderError):
    """The answer is no; the same order would be refused again."""


class Unauthorised(ProviderError):
    """The key, its rights or its balance is at fault; every order on it would fail."""


class Unavailable(ProviderError):
    """Certainly not taken (a create), or not answered this time (a question); ask again later."""


class Unclear(ProviderError):
    """A create whose outcome is unknown, because bytes may have left."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one account: what a credential becomes once its key is decrypted."""

    base_url: str
    key: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an order: sides in pixels, ``size`` in bytes.

    ``address`` is a data URI or an address that the provider can reach, "" while the order is only
    judged. ``name`` is how the prompt refers to it (``@name``), "" where it does not; pictures of
    one name show one subject. ``kept_id`` is the provider's id of a subject that it keeps, "" where
    the picture itself is sent.
    """

    width: int
    height: int
    size: int
    name: str = ""
    address: str = field(default="", repr=False)
    kept_id: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A film or a sound that an order is made of; ``seconds`` is None where nobody measured it.

    ``remote_id`` is the id of the file at the account that makes the order, "" elsewhere;
    ``address`` is one of ours that the provider can reach, "" while the order is only judged.
    ``lines`` is the shorter side of a film in pixels, 0 where it is not known.
    """

    remote_id: str = ""
    address: str = field(default="", repr=False)
    seconds: float | None = None
    lines: int = 0


@dataclass(frozen=True, slots=True)
class FilmEdit:
    """What an order makes anew in an ad film, by the provider's ids.

    A new take of a shot has ``shot_index`` (from 0). A cut has the takes to join, one for each shot
    in the film's order, with its narration and its music.
    """

    film_remote_id: str
    shot_index: int | None = None
    take_remote_ids: tuple[str, ...] = ()
    narration_remote_id: str = ""
    music_remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One order in the catalogue's words; ``duration`` in seconds.

    "" and None mean that the person chose nothing: the provider's own default holds.
    ``reference`` is our own word for the order, which some providers repeat in their replies.
    ``like`` is the shipped model whose rules a model follows that this installation has added.
    ``source`` is the film that is upscaled or whose lips follow ``sound``, or else the prompt.
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
    film_edit: FilmEdit | None = None
    source: Source | None = None
    sound: Source | None = None
    like: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One link of a finished task; ``role`` is a word of ``models.files.FileRole``.

    ``remote_id`` is the provider's id of the file, "" where it has none.
    """

    role: str
    url: str
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An order that the provider took. ``cost`` is in its unit, None where the reply has none.

    ``unread_cost`` is a cost that is there and that nobody here can read, as it came. ``echoed`` is
    what the reply tells of the order, by the names of ECHOED. ``state`` SUCCEEDED: it is ready, so
    ask now; ``results`` are its links where the reply itself has them.
    """

    remote_id: str
    state: RemoteState = RemoteState.QUEUED
    cost: int | None = None
    unread_cost: str = ""
    code: str = ""
    message: str = ""
    raw: str = ""
    results: Sequence[Result] = ()
    echoed: Mapping[str, str] = field(default_factory=dict, compare=False)


# What a reply may tell of an order. ``seed`` is the one really used, ``enhanced_prompt`` the words
# that the provider made of the prompt; times are in Unix seconds, e.g. ``1764522552.5``.
ECHOED = (
    *("model", "prompt", "aspect_ratio", "resolution", "duration", "seed", "enhanced_prompt"),
    *("created_at", "started_at", "finished_at"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of one task now.

    ``state`` is None for a word that we do not know: keep the last state and tell people
    ``state_word``. A success may have no ``results``: then its links stand where nobody here looks
    for them. ``code``, ``reason`` and ``message`` say why a task failed; ``reason`` is None where
    the provider gives no code. ``progress`` is 0 to 100, None where the reply has none. ``cost`` is
    in the provider's unit; ``unread_cost`` is one that is there and cannot be read, as it came.
    ``account_options`` are what the account's options should hold from now on, e.g. the path that
    answered. ``echoed`` is what the reply tells of the order, by the names of ECHOED.
    """

    state: RemoteState | None
    state_word: str = ""
    progress: int | None = None
    cost: int | None = None
    unread_cost: str = ""
    results: Sequence[Result] = ()
    code: str = ""
    reason: Reason | None = None
    message: str = ""
    reference: str = ""
    raw: str = ""
    account_options: Mapping[str, str] = field(default_factory=dict)
    echoed: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """One take in a film's tree; ``url`` is its link, "" where it has none yet."""

    remote_id: str
    state: RemoteState | None
    state_word: str = ""
    prompt: str = ""
    url: str = ""
    code: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FilmShot:
    """All takes of one shot; ``index`` counts from 0."""

    index: int
    records: Sequence[FilmRecord] = ()


@dataclass(frozen=True, slots=True)
class FilmCut:
    """One cut and the ids of the takes that were joined in it, as far as the reply names them."""

    remote_id: str
    state: RemoteState | None
    state_word: str = ""
    url: str = ""
    code: str = ""
    take_remote_ids: Sequence[str] = ()
    narration_remote_id: str = ""
    music_remote_id: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FilmReport:
    """An ad film's whole tree now.

    ``unreadable_count`` counts the records that have no id or no place in the tree.
    """

    state: RemoteState | None
    state_word: str = ""
    code: str = ""
    shots: Sequence[FilmShot] = ()
    narrations: Sequence[FilmRecord] = ()
    musics: Sequence[FilmRecord] = ()
    cuts: Sequence[FilmCut] = ()
    unreadable_count: int = 0
    raw: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """A callback as it was received; header names in lower case, ``query`` without the ``?``."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class CallbackTrust(enum.StrEnum):
    """What a callback's signature proves; a callback never moves a task by itself."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    FORGED = "forged"  # the signature is wrong
    STALE = "stale"  # the signature is right and too old


@dataclass(frozen=True, slots=True)
class CallbackReading:
    """What a callback says. All but ``trust`` are hints, "" where the request has none."""

    trust: CallbackTrust
    remote_id: str = ""
    state_word: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account has left, in the provider's unit, and how many tasks it may run at once."""

    remaining: int
    slots: int | None = None
    running: int | None = None
    queued: int | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of a provider's own list; ``created_at`` as the provider wrote it."""

    remote_id: str
    state: RemoteState | None
    prompt: str = ""
    model: str = ""
    created_at: str = ""


class Provider(Protocol):
    """One kind of provider. Every method that talks is a flow; ``read_callback`` is not.

    A provider without a balance, a list or a cancel refuses these calls with ``not_offered``.
    ``has_signed_callbacks``: only a signed callback is believed to be the provider's.
    ``has_named_callbacks``: each callback says which task it is about. ``callback_reply`` is the
    JSON object that the provider expects as the response. The catalogue lists the
    kinds that can be ordered, and so whether there are films to ask for.
    """

    kind: str
    unit: str
    has_balance: bool
    has_list: bool
    can_cancel: bool
    has_signed_callbacks: bool
    has_named_callbacks: bool
    callback_reply: Mapping[str, object]

    def echoes_reference(self, kind: str) -> bool:
        """Whether replies repeat the reference of an order of this kind, and so prove it ours."""
        ...

    def accepts_callback_url(self, access: Access) -> bool:
        """Whether an order on this account may carry the address of a callback."""
        ...

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """Send a paid order once. Raises any ProviderError; Unavailable: certainly not taken."""
        ...

    def check(
        self, access: Access, remote_id: str, *, wanted: Collection[str] = ()
    ) -> Flow[Report]:
        """Ask for one task. Raises Refused (unknown id), Unauthorised or Unavailable.

        ``wanted`` are roles of results that were ordered, e.g. ``watermarked``: where a success
        lacks one, an adapter that knows another place to ask asks there once. A kind of NO_FILES
        in it says that the id is of that.
        """
        ...

    def cancel(self, access: Access, remote_id: str) -> Flow[None]:
        """Ask to stop one task. Raises Refused where it is too late."""
        ...

    def balance(self, access: Access) -> Flow[AccountBalance]:
        """Ask what is left."""
        ...

    def test(self, access: Access) -> Flow[None]:
        """Prove the key by a call that costs nothing. Raises Unauthorised where it is bad."""
        ...

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        """List tasks created between two ISO 8601 instants, newest first."""
        ...

    def subjects(self, access: Access) -> Flow[Sequence[Listing]]:
        """List the subjects that the account keeps; ``prompt`` is the name of each."""
        ...

    def film(self, access: Access, remote_id: str) -> Flow[FilmReport]:
        """Ask for the tree of a finished ad film. Raises what ``check`` raises."""
        ...

    def read_callback(
        self, access: Access, request: CallbackRequest, *, now: float
    ) -> CallbackReading:
        """Judge and read a callback; ``now`` in Unix seconds. Never raises on a bad body."""
        ...
