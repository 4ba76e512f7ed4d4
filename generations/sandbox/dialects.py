"""The four dialects: where each is spoken, and its demo key."""

from typing import NamedTuple


class Dialect(NamedTuple):
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
    Dialect("vidu", "", "Token", "sandbox-studio", "Vidu's official API.", "Vidu 官方接口。"),
    Dialect("relay", "/relay", "Bearer", "sandbox-relay", "The Bearer relay.", "Bearer 中转。"),
    Dialect(
        "vivienne",
        "/vivienne",
        "Bearer",
        "sandbox-vivienne",
        "Vivienne's gateway.",
        "Vivienne 网关。",
    ),
    Dialect("apixo", "/apixo", "Bearer", "sandbox-apixo", "APIXO's vidu-q3.", "APIXO 的 vidu-q3。"),
)


def dialect_named(name: str) -> Dialect:
    return next(each for each in DIALECTS if each.name == name)
