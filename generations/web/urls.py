"""The addresses of the pages; each stands in ``access.py`` with who may enter."""

from django.urls import URLPattern, path

from . import (
    bin,
    callbacks,
    caps,
    credentials,
    gallery,
    generate,
    health,
    media,
    members,
    tasks,
    teams,
    uploads,
    usage,
)


def of_team(route: str, view: object, name: str) -> URLPattern:
    return path(f"t/<slug:team>/{route}", view, name=name)  # type: ignore[call-overload,no-any-return]


urlpatterns = [
    path("", teams.home, name="home"),
    path("teams/new/", teams.new, name="team_new"),
    path("invitations/<str:token>/", members.accept, name="invitation"),
    of_team("", gallery.gallery, "gallery"),
    of_team("changes", gallery.changes, "changes"),
    of_team("new/", generate.generate, "generate"),
    of_team("tasks/<int:pk>/", tasks.task, "task"),
    of_team("tasks/<int:pk>/cancel", tasks.cancel, "task_cancel"),
    of_team("tasks/<int:pk>/look", tasks.look, "task_look"),
    of_team("tasks/<int:pk>/fetch", tasks.fetch, "task_fetch"),
    of_team("tasks/<int:pk>/found", tasks.found, "task_found"),
    of_team("tasks/<int:pk>/release", tasks.release, "task_release"),
    of_team("tasks/<int:pk>/bin", bin.put, "task_bin"),
    of_team("tasks/<int:pk>/restore", bin.restore, "task_restore"),
    of_team("bin/", bin.show, "bin"),
    of_team("bin/empty", bin.empty, "bin_empty"),
    of_team("uploads/", uploads.uploads, "uploads"),
    of_team("uploads/frames/", uploads.frames, "upload_frames"),
    of_team("uploads/<int:pk>/<str:name>", uploads.upload, "upload"),
    of_team("credentials/", credentials.credentials, "credentials"),
    of_team("credentials/new/", credentials.new, "credential_new"),
    of_team("credentials/<int:pk>/", credentials.edit, "credential"),
    of_team("credentials/<int:pk>/test", credentials.test, "credential_test"),
    of_team("credentials/<int:pk>/pause", credentials.pause, "credential_pause"),
    of_team("credentials/<int:pk>/resume", credentials.resume, "credential_resume"),
    of_team("credentials/<int:pk>/remove", credentials.remove, "credential_remove"),
    of_team("caps/", caps.caps, "caps"),
    of_team("usage/", usage.usage, "usage"),
    of_team("usage/rows/", usage.rows, "usage_rows"),
    of_team("usage.csv", usage.export, "usage_csv"),
    of_team("members/", members.members, "members"),
    of_team("members/invite", members.invite, "invitation_new"),
    of_team("members/invitations/<int:pk>/revoke", members.revoke, "invitation_revoke"),
    of_team("members/<int:pk>/role", members.change_role, "member_role"),
    of_team("members/<int:pk>/remove", members.remove, "member_remove"),
    of_team("ordering", members.ordering, "ordering"),
    path("files/<int:pk>/<str:name>", media.file, name="file"),
    path("pictures/<str:token>/<str:name>", uploads.picture, name="picture"),
    path("callbacks/<str:kind>/<str:token>", callbacks.receive, name="callback"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]
