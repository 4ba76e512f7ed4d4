"""Vidu's names for kinds of clips and for the members of a film's orders, by our own.

The order form, the gallery's filter and the forms of a film's board took Vidu's names before they
had names of their own (docs/wire.md, 2.2 and 2.13). They still accept them, so that bookmarks and
scripts go on working.
"""

from generations.providers.contract import TaskKind

KINDS = {
    "text2video": TaskKind.TEXT_TO_VIDEO,
    "img2video": TaskKind.IMAGE_TO_VIDEO,
    "start-end2video": TaskKind.FRAMES_TO_VIDEO,
    "reference2video": TaskKind.REFERENCES_TO_VIDEO,
    "ad-one-click": TaskKind.FILM,
}
EDIT_MEMBERS = {"make": "type", "shot": "storyboard_video_index"}
CUT_MEMBERS = {"takes": "video_task_ids", "narration": "narration_task_id", "music": "bgm_task_id"}
EDIT_TYPES = {
    "generate_video": "shot",
    "generate_narration": "narration",
    "generate_bgm": "music",
}
