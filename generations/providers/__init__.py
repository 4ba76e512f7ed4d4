"""The outside world: HTTP and JSON in, values out. No Django, no model, no socket, no clock."""

from collections.abc import Mapping
from types import MappingProxyType

from .apixo.adapter import Apixo
from .catalogue import catalogue
from .contract import Provider
from .relay.adapter import Relay
from .vidu.adapter import Vidu
from .vivienne.adapter import Vivienne

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {provider.kind: provider for provider in (Vidu(), Relay(), Vivienne(), Apixo())}
)

# A broken catalogue file stops the start, and not the first order.
for kind in PROVIDERS:
    catalogue(kind)


def provider(kind: str) -> Provider:
    """The adapter of one provider kind, e.g. ``vidu``; KeyError for a word that is no kind."""
    return PROVIDERS[kind]
