"""The root of the URL patterns."""

from django.contrib import admin
from django.urls import include, path

handler400 = "generations.web.health.bad_request"
handler500 = "generations.web.health.server_error"
urlpatterns = [
    path("", include("generations.web.urls")),
    path("accounts/", include("allauth.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
