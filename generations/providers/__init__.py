"""One adapter for each provider: HTTP and JSON in, values out. No Django, socket or clock."""

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

# A broken catalogue file stops the start of the site, not its first order.
for kind in PROVIDERS:
    catalogue(kind)


def provider(kind: str) -> Provider:
    """The adapter of one kind, e.g. ``vidu``. Raises KeyError for an unknown kind."""
    return PROVIDERS[kind]
