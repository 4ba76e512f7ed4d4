"""W7, W8: proxies and redirects that answer in place of the provider or its store."""

from collections.abc import Callable
from http import HTTPStatus

from generations.sandbox.http import ApiError, Response
from generations.sandbox.tasks import SandboxTask

from .manner import EVERY, Interruption, Manner, Moment, Outcome

Build = Callable[[SandboxTask, str], Response]
PAGE = (
    "<!DOCTYPE html><html><head><title>{title}</title></head><body><center><h1>{title}</h1>"
    "</center><hr><center>nginx</center></body></html>"
)
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
    "<p>Checking your browser before accessing the site. Ray ID: 8f1c2a</p></body></html>"
)


def page(status: int) -> Build:
    """An HTML page of a proxy; with 200 the one that checks a browser."""

    def build(task: SandboxTask, address: str) -> Response:
        title = (
            f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else f"{status}"
        )
        text = CHALLENGE if status == HTTPStatus.OK else PAGE.format(title=title)
        return Response(status, text.encode(), "text/html")

    return build


def _empty(status: int) -> Build:
    return lambda task, address: Response(status, b"", "text/plain")


def _gateway_json(status: int) -> Build:
    """JSON of an API gateway in front, in its own form."""
    return lambda task, address: Response(status, b'{"message":"Unauthorized","request_id":"9f1c"}')


def _own_error(status: int) -> Build:
    """The provider's own error about the key, for one request."""

    def build(task: SandboxTask, address: str) -> Response:
        raise ApiError(
            status, "Unauthorized" if task.dialect == "vidu" else "unauthorized", "invalid api key"
        )

    return build


def _nowhere(status: int) -> Build:
    """A redirect that does not say where to."""
    return lambda task, address: Response(status, b"", "text/html")


def _moved_to(status: int, location: str) -> Build:
    return lambda task, address: Response(status, b"", "text/html", {"Location": location})


def _moved(status: int) -> Build:
    def build(task: SandboxTask, address: str) -> Response:
        mark = "&" if "?" in address else "?"
        return Response(status, b"", "text/html", {"Location": f"{address}{mark}moved=1"})

    return build


ASKED = {
    "create": ("The order", "下单"),
    "query": ("A query", "查询"),
    "tree": ("The tree of a film", "成片详情"),
    "file": ("A file", "文件"),
}


def between(
    word: str,
    kind: str,
    moment: Moment,
    shown: tuple[str, str],
    build: Build,
    outcome: Outcome = "right",
    *,
    is_after: bool = False,
    times: int = 1,
) -> Manner:
    english, chinese = ASKED[moment]
    """A manner by which something else answers than the provider."""
    after = ("; the order was taken", "；订单已被接受") if is_after else ("", "")
    return Manner(
        word,
        kind,
        f"{english} is answered by {shown[0]}{after[0]}.",
        f"{chinese}的回复是{shown[1]}{after[1]}。",
        outcome,
        # Only Vidu has films, and only they have a tree.
        dialects=EVERY if moment != "tree" else ("vidu",),
        interruption=Interruption(moment, build, times, is_after),
        on_films=moment == "tree",
    )


def _shown(status: int) -> tuple[str, str]:
    return f"a {status} page of a proxy", f"代理的 {status} 页面"


PROXY_MANNERS = (
    # Nobody can tell whether such an order was taken.
    *(
        between(f"proxy create {status}", "W7", "create", _shown(status), page(status), "told")
        for status in (200, 502, 503, 504, 522)
    ),
    # Such a page comes before the provider has seen the order.
    *(
        between(f"proxy create {status}", "W7", "create", _shown(status), page(status))
        for status in (401, 402, 403, 404, 407, 413, 429)
    ),
    # Such an order was taken: a list or a callback may find it, else a person is told.
    *(
        between(
            f"proxy create {status} after",
            "W7",
            "create",
            _shown(status),
            page(status),
            is_after=True,
        )
        for status in (200, 502, 504)
    ),
    *(
        between(f"proxy query {status}", "W7", "query", _shown(status), page(status))
        for status in (200, 401, 402, 403, 404, 407, 429, 451, 500, 502, 503, 504, 522)
    ),
    *(
        between(f"proxy query {status} often", "W7", "query", _shown(status), page(status), times=4)
        for status in (200, 401, 403, 404, 502)
    ),
    between("proxy query empty", "W7", "query", ("an empty 200", "空的 200"), _empty(200)),
    between("proxy query 403 empty", "W7", "query", ("an empty 403", "空的 403"), _empty(403)),
    between(
        "proxy query 401 json",
        "W7",
        "query",
        ("a 401 of an API gateway, in JSON", "API 网关的 401（JSON）"),
        _gateway_json(401),
    ),
    between(
        "own query 401",
        "W7",
        "query",
        ("the provider's own 401, once", "服务商自己的 401（一次）"),
        _own_error(401),
    ),
    between(
        "own query 403",
        "W7",
        "query",
        ("the provider's own 403, once", "服务商自己的 403（一次）"),
        _own_error(403),
    ),
    *(
        between(f"proxy tree {status}", "W7", "tree", _shown(status), page(status))
        for status in (200, 403, 502)
    ),
    *(
        between(
            f"moved create {status}",
            "W8",
            "create",
            (f"a redirect {status}", f"重定向 {status}"),
            _moved(status),
            # 303 says that the request was taken.
            "told" if status == HTTPStatus.SEE_OTHER else "refused",
            times=0,
        )
        for status in (301, 302, 303, 307, 308)
    ),
    between(
        "moved create nowhere",
        "W8",
        "create",
        ("a redirect 302 without an address", "没有地址的重定向 302"),
        _nowhere(302),
        "refused",
        times=0,
    ),
    between(
        "moved create relative",
        "W8",
        "create",
        ("a redirect 301 to /v3/generations", "重定向 301 到 /v3/generations"),
        _moved_to(301, "/v3/generations"),
        "refused",
        times=0,
    ),
    between(
        "moved create host",
        "W8",
        "create",
        ("a redirect 308 to another host", "重定向 308 到另一主机"),
        _moved_to(308, "https://api.new.example/ent/v2/text2video"),
        "refused",
        times=0,
    ),
    *(
        between(
            f"moved query {status}",
            "W8",
            "query",
            (f"a redirect {status}, twice", f"重定向 {status}（两次）"),
            _moved(status),
            times=2,
        )
        for status in (301, 302, 307, 308)
    ),
    between(
        "moved query always",
        "W8",
        "query",
        ("a redirect 301, always", "始终重定向 301"),
        _moved(301),
        "told",
        times=0,
    ),
)
