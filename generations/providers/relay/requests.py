"""What is sent to the relay (docs/wire.md, 4.2 and 4.3).

https://doc.aimanyi.top/api-407353658.html (create), https://doc.aimanyi.top/api-391200090.html
(query)
"""

import re
from collections.abc import Mapping, Sequence

from generations.providers.contract import TaskKind

PATHS: Mapping[str, str] = {TaskKind.TEXT_TO_VIDEO: "/ent/v2/text2video"}

# By the words of the account's setting query_path, which may also be a template of its own.
QUERY_PATHS: Mapping[str, str] = {
    "native": "/vidu-native/video/generations/{task_id}",
    "official": "/ent/v2/tasks/{task_id}/creations",
}
PLACEHOLDER = re.compile(r"\{(?:task_)?id\}")
TEMPLATE = re.compile(rf"/(?!/)[^{{}}\s]*{PLACEHOLDER.pattern}[^{{}}\s]*")

# The members of a create, in the order of seed 001.
MEMBERS = (
    *("model", "style", "prompt", "duration", "seed", "aspect_ratio", "resolution"),
    *("movement_amplitude", "bgm", "payload", "watermark", "wm_position", "wm_url", "meta_data"),
    "callback_url",
)


def query_paths(last: str) -> Sequence[str]:
    """The settings to ask by, the one that answered last first; an unusable one is left out."""
    own = [last] if last in QUERY_PATHS or TEMPLATE.fullmatch(last) else []
    return [*own, *(name for name in QUERY_PATHS if name != last)]


def query_path(setting: str, segment: str) -> str:
    """Path and query of a question; ``segment`` is the task's id, escaped."""
    return PLACEHOLDER.sub(lambda _: segment, QUERY_PATHS.get(setting, setting))
