"""What is sent to the relay (docs/wire.md, 4.2 and 4.3).

https://doc.aimanyi.top/api-407353658.html (create), https://doc.aimanyi.top/api-391200090.html
(query)
"""

from collections.abc import Mapping

from generations.providers.contract import TaskKind

PATHS: Mapping[str, str] = {TaskKind.TEXT_TO_VIDEO: "/ent/v2/text2video"}

# By the words of the account's setting query_path.
QUERY_PATHS: Mapping[str, str] = {
    "native": "/vidu-native/video/generations/{}",
    "official": "/ent/v2/tasks/{}/creations",
}

# The members of a create, in the order of seed 001.
MEMBERS = (
    *("model", "style", "prompt", "duration", "seed", "aspect_ratio", "resolution"),
    *("movement_amplitude", "bgm", "payload", "watermark", "wm_position", "wm_url", "meta_data"),
    "callback_url",
)
