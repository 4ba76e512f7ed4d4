"""What can go wrong with a download, named by what the caller must do.

::

    DownloadError
    ├── LinkGone          ask the provider for a new link
    ├── LinkForbidden     the address policy refused an address on the way
    ├── DownloadFailed    the network or the server failed: try again later; the bytes stay
    ├── DownloadPaused    the time of this call is over: call again to continue; the bytes stay
    └── DownloadTooLarge  more bytes than allowed; nothing stays
"""


class DownloadError(Exception):
    """See the tree above. Messages name hosts, never a whole link: its query is a secret."""


class LinkGone(DownloadError):
    """The server says that the link leads to nothing (any more)."""


class LinkForbidden(DownloadError):
    """The link, or a redirect, leads to an address or a scheme that is not allowed."""


class DownloadFailed(DownloadError):
    """The network or the server failed this time."""


class DownloadPaused(DownloadError):
    """The deadline came before the end of the file."""


class DownloadTooLarge(DownloadError):
    """The file is larger than the caller allows."""
