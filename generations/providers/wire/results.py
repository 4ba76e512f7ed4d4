"""Where the links of results stand in a reply (docs/wire.md, 1.6).

A dialect names its own places. Where they hold no film, the places that other dialects and their
gateways use are searched: by the names of members, never by guessing at what repeats the order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from generations.providers.contract import Result

from .links import is_playlist, read_address, role_by_ending
from .objects import as_object, unpacked
from .values import fold_name, is_empty, read_identifier

DEPTH_LIMIT = 16
RESULT_LIMIT = 50

# Names as ``fold_name`` leaves them; the first of an object that has a link is its film, because
# the others lead to the same one.
FILM_NAMES = (
    *("url", "videourl", "video", "downloadurl", "playurl", "fileurl", "creationurl"),
    *("finalvideourl", "uri", "href", "link", "videouri", "videolink", "outputurl", "mediaurl"),
    *("mp4url", "mp4", "ossurl", "cdnurl", "src", "path", "downloadlink", "videopath"),
    *("generatedurl", "finalvideo", "outputvideo", "generatedvideo", "resultvideo", "videofile"),
    *("videofileurl", "hdurl", "clipurl", "movieurl", "filmurl", "nowatermarkurl", "fileuri"),
    *("urlwithoutwatermark", "signedurl", "presignedurl", "publicurl", "contenturl", "s3url"),
    *("storageurl", "cosurl", "tosurl", "resourceurl", "resource", "sample"),
)
# A gateway's own address of the film, which may ask for the key: only where there is no other.
# Older versions of new-api have the link of a success where the reason of a failure stands.
LAST_NAMES = ("resulturl", "failreason")
# What may lead to something else than a result, at the top of an answer that has not ended.
WEAK_NAMES = frozenset(
    {"url", "uri", "href", "link", "src", "path", "downloadurl", "fileurl", "fileuri", "signedurl"}
    | {"presignedurl", "publicurl", "contenturl", "storageurl", "resourceurl", "resource", "sample"}
    | {"s3url", "cosurl", "tosurl"}
)
OTHER_NAMES: Mapping[str, Sequence[str]] = {
    "cover": (
        *("coverurl", "cover", "thumbnailurl", "thumbnail", "poster", "posterurl", "coverimage"),
        *("coverimageurl", "snapshoturl", "thumburl", "previewimageurl"),
    ),
    "watermarked": (
        *("watermarkedurl", "watermarkurl", "watermarkedvideourl", "watermarkvideourl"),
        *("watermarkedvideo", "urlwithwatermark", "videourlwithwatermark", "watermarkurls"),
        "resultwatermarkurls",
    ),
    "audio": ("audiourl", "audio", "soundurl", "musicurl", "voiceurl"),
}
ROLE_NAMES: Mapping[str, str] = {
    **dict.fromkeys((*FILM_NAMES, *LAST_NAMES), "video"),
    **{name: role for role, names in OTHER_NAMES.items() for name in names},
}
# Objects, lists, bare texts or JSON as text.
RESULT_PLACES = (
    *("creations", "creation", "videos", "results", "result", "resulturls", "resultjson"),
    *("output", "outputs", "taskresult", "content", "metadata", "fileinfos", "files", "file"),
    *("videourls", "urls", "generations", "generatedvideos", "artifacts", "assets", "medias"),
    *("media", "works", "resultdata", "resultinfo", "videoresult", "samples", "urllist", "list"),
    *("items", "videolist", "resultlist", "outputlist", "medialist", "filelist", "creationlist"),
    *("videoinfo", "videoinfos", "videooutput", "artifact", "asset", "resources"),
    *("generatedsamples", "generatevideoresponse", "predictions", "products", "playaddr"),
)
WEAK_PLACES = frozenset({"list", "items", "resources"})
# They hold the answer itself; a link right in them is a result only where its name says so.
ENVELOPES = ("data", "response", "task", "tasks", "body", "info", "detail", "record")
# Where an object of forms may stand: a film's link, or the list of films.
FILM_LIKE = frozenset({*FILM_NAMES, "videos", "videourls"})
# They repeat the order.
NO_RESULTS = frozenset(
    {
        *("images", "image", "imageurl", "imageurls", "input", "inputs", "subjects", "wmurl"),
        *("callbackurl", "callback", "webhook", "webhookurl", "prompt", "payload", "params"),
        *("parameters", "request", "avatar", "user", "properties", "referenceimages", "source"),
    }
)
KNOWN_NAMES = NO_RESULTS | {*RESULT_PLACES, *ENVELOPES, *ROLE_NAMES}
# A film's address inside a sentence.
LINK_IN_TEXT = re.compile(
    r"https?://[^\s\"'<>()\[\]\\]+\.(?:mp4|mov|m4v|webm|mkv)(?:\?[^\s\"'<>()\[\]\\]*)?",
    re.IGNORECASE,
)
ID_NAMES = ("id", "videoid", "fileid", "creationid")
# Several links in one text.
BETWEEN_LINKS = re.compile(r"[\s,;|\uff0c\uff1b]+(?=https?://)", re.IGNORECASE)


def find_results(
    members: Mapping[str, object],
    places: Sequence[str] = (),
    *,
    is_finished: bool = False,
    scheme: str = "https",
) -> Sequence[Result]:
    """The links of an answer, from the dialect's own places first.

    ``is_finished``: the answer says success, so that a link with any name of a film is one.
    ``scheme`` is that of the provider's own address, for links without one.
    """
    found: Sequence[Result] = ()
    for place in places:
        found = links if has_film(links := _at_path(members, place, scheme)) else (*found, *links)
        if has_film(found):
            break
    others = _Search(scheme, is_finished=is_finished).in_object(members, "", DEPTH_LIMIT)
    if has_film(found):
        # The rest of the answer may hold what that place lacks, e.g. the marked film.
        known = {word for result in found for word in (result.role, result.url)}
        others = [each for each in others if not known & {each.role, each.url}]
    told = (*found, *others)
    if has_film(told):
        told = tuple(each for each in told if not is_playlist(each.url))
    unique = {(each.role, each.url): each for each in reversed(told)}
    return tuple(reversed(unique.values()))[:RESULT_LIMIT]


def has_film(results: Sequence[Result]) -> bool:
    """Whether one of these is a film, and not the list of its parts for a player."""
    return any(result.role == "video" and not is_playlist(result.url) for result in results)


def _at_path(members: Mapping[str, object], path: str, scheme: str) -> Sequence[Result]:
    """The results at a path like ``data.resultJson``."""
    *outer, last = path.split(".")
    found: Mapping[str, object] | None = members
    for name in outer:
        found = as_object((found or {}).get(name))
    # Here the documents say what a link leads to, whatever its ending.
    search = _Search(scheme, is_finished=True, by_ending=False)
    links = search.in_value((found or {}).get(last), fold_name(last), DEPTH_LIMIT)
    return _with_id(links, _folded(found or {}), outer[-1] if outer else "")


@dataclass(frozen=True, slots=True)
class _Search:
    """A search through the members of an answer, to a known depth.

    ``is_finished``: any link with a name of a film is one. ``by_ending``: such a link is a cover or
    a sound where its ending says so.
    """

    scheme: str
    is_finished: bool
    by_ending: bool = True

    def in_object(self, members: Mapping[str, object], name: str, depth: int) -> Sequence[Result]:
        """An object's own links, else those of the first place in it that has a film."""
        folded = _folded(members)
        found = list(self.own_links(folded, name, depth))
        places = (*RESULT_PLACES, *ENVELOPES, *_task_names(folded), *LAST_NAMES)
        for place in filter(folded.__contains__, places):
            if has_film(found):
                break
            inner = self.in_value(folded[place], place, depth - 1)
            found += [each for each in inner if each not in found]
        return found

    def own_links(self, folded: Mapping[str, object], name: str, depth: int) -> Sequence[Result]:
        films = self.own_films(folded, name, depth)
        others = [self.of_role(folded, role, depth) for role in OTHER_NAMES]
        return _with_id([*films, *(each for links in others for each in links)], folded, name)

    def own_films(self, folded: Mapping[str, object], name: str, depth: int) -> Sequence[Result]:
        """What the first name that leads to a film leads to, else what any name leads to."""
        found: Sequence[Result] = ()
        for film_name in filter(folded.__contains__, FILM_NAMES):
            links = self.in_value(folded[film_name], film_name, depth - 1)
            is_weak = film_name in WEAK_NAMES and (not name or name in WEAK_PLACES)
            if is_weak and not self.is_finished:
                links = [each for each in links if role_by_ending(each.url) == "video"]
            if has_film(links):
                return links
            found = found or links
        return found

    def of_role(self, folded: Mapping[str, object], role: str, depth: int) -> Sequence[Result]:
        for name in OTHER_NAMES[role]:
            if links := self.in_value(folded.get(name), name, depth - 1):
                return [replace(each, role=role) for each in links[:1]]
        return ()

    def in_value(self, value: object, name: str, depth: int) -> Sequence[Result]:
        """The results under one name: a link, an object, a list of these, or either as text."""
        value = unpacked(value)
        if depth <= 0 or is_empty(value):
            return ()
        if isinstance(value, list):
            inner = (self.in_value(item, name, depth - 1) for item in value)
            return [each for results in inner for each in results]
        if isinstance(value, Mapping):
            found = self.in_object(value, name, depth)
            return found if has_film(found) else (*found, *self.in_values(value, name, depth))
        if name == "failreason" and not self.is_finished:
            return ()
        role = ROLE_NAMES.get(name, "video")
        return [each for text in in_parts(value) for each in self.in_text(text, role)]

    def in_values(self, members: Mapping[str, object], name: str, depth: int) -> Sequence[Result]:
        """What stands under names that nobody knows: a list that PHP has numbered, or a film in
        several forms, ``{"1080p": "https://..."}``."""
        names = [*map(fold_name, members)]
        is_list = all(each.isdigit() for each in names) and _is_place(name)
        if not is_list and (name not in FILM_LIKE or KNOWN_NAMES & {*names}):
            return ()
        inner = (self.in_value(item, name, depth - 1) for item in members.values())
        found = [each for results in inner for each in results]
        return found if is_list else [each for each in found if role_by_ending(each.url)]

    def in_text(self, value: object, role: str) -> Sequence[Result]:
        url = read_address(value, self.scheme)
        if not url and isinstance(value, str) and (inside := LINK_IN_TEXT.search(value)):
            url = read_address(inside[0])
        if url and role == "video" and self.by_ending:
            role = role_by_ending(url) or role
        return (Result(role, url),) if url else ()


def in_parts(value: object) -> Sequence[object]:
    """The links of a text that has several, one behind the other; else the value itself."""
    parts = BETWEEN_LINKS.split(value.strip()) if isinstance(value, str) else []
    # One link may have another within itself.
    are_links = len(parts) > 1 and all(role_by_ending(read_address(part)) for part in parts)
    return parts if are_links else [value]


def _folded(members: Mapping[str, object]) -> Mapping[str, object]:
    """An object by its names as ``fold_name`` leaves them; of two alike the first counts."""
    told = [(fold_name(name), value) for name, value in members.items() if not is_empty(value)]
    return dict(reversed(told))


def _is_place(name: str) -> bool:
    """Whether an object of this name holds results, and not the answer itself."""
    return bool(name) and fold_name(name) not in ENVELOPES


def _with_id(
    results: Sequence[Result], folded: Mapping[str, object], name: str
) -> Sequence[Result]:
    """Results with the id of their file; an ``id`` in the answer itself is the task's."""
    names = ID_NAMES if _is_place(name) else ID_NAMES[1:]
    ids = (read_identifier(folded.get(each)) for each in names)
    remote_id = next(filter(None, ids), "")
    return [each if each.remote_id else replace(each, remote_id=remote_id) for each in results]


def _task_names(folded: Mapping[str, object]) -> Sequence[str]:
    """Objects that are named by a kind of task, e.g. ``AigcVideoTask``."""
    known = {*RESULT_PLACES, *ENVELOPES, *NO_RESULTS, *ROLE_NAMES}
    return [name for name in folded if name.endswith(("task", "result")) and name not in known]
