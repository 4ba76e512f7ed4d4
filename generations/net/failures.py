"""What can go wrong with a download, named by what the caller must do.

::

    DownloadError
    ├── Gone       the link is dead: ask the provider for a new one
    ├── Broken     the network or the server: try again later; what came is kept
    ├── Paused     the time for this turn is over: call again to go on; what came is kept
    ├── TooLarge   more bytes than allowed; nothing is kept
    └── Forbidden  the guard refused an address on the way
"""


class DownloadError(Exception):
    """See the tree above. Messages name hosts, never a whole link: its query is a secret."""


class Gone(DownloadError):
    """The server says that there is nothing under this link (any more)."""


class Broken(DownloadError):
    """The way to the file failed this time."""


class Paused(DownloadError):
    """The deadline came before the end of the file."""


class TooLarge(DownloadError):
    """The file is larger than the caller allows."""


class Forbidden(DownloadError):
    """The link, or a redirect, leads where we do not go."""
