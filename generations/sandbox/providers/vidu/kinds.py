"""The kinds of Vidu's tasks that are neither clips nor parts of films (docs/wire.md, 2.17 to 2.22).

A kind is the last part of the address of its order, and the `type` in replies.
"""

from .film_plan import MUSIC, NARRATION

PICTURE, SPEECH, LIP_SYNC, UPSCALE = "reference2image", "audio-tts", "lip-sync", "upscale-new"
# Kept by Vidu, and nothing that is asked for as a task.
SUBJECT = "subject"
MUSIC_VIDEO, MUSIC_VIDEO_SHOT = "mv", "mv_generate_video"
SOUND_EFFECTS = frozenset({"text2audio", "timing2audio"})
SOUND_KINDS = frozenset({NARRATION, MUSIC, SPEECH}) | SOUND_EFFECTS
# What `GET /ent/v2/tasks/{id}/creations` and the list do not know.
NO_TASKS = frozenset({SUBJECT, MUSIC_VIDEO, MUSIC_VIDEO_SHOT})
NO_FILES = frozenset({SUBJECT})
