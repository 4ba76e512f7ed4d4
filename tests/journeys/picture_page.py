"""A page with nothing but the pictures of an order, which follows them as the order form does."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import URLPattern, URLResolver, path

from generations.models import Membership
from generations.providers.catalogue import catalogue
from generations.web.access import for_producer
from generations.web.files.uploads import slots
from project.urls import urlpatterns as of_the_site

LIVE = """{% load i18n %}
<div id="live" hx-get="" hx-trigger="change" hx-include="this" hx-sync="this:replace"
  hx-target="this" hx-swap="outerMorph">
  <input type="hidden" name="kind" value="{{ kind }}">
  {% include "files/slots.html" %}
  <p id="said">{% for slot in slots.chosen %}{{ slot.upload.pk }}:{{ slot.name }} {% endfor %}</p>
</div>"""
PAGE = """{% extends "layout/page.html" %}{% load static %}
{% block title_words %}Easel{% endblock %}
{% block bar %}<h1>Easel</h1>{% endblock %}
{% block scripts %}
<script src="{% static 'js/picture_slots.js' %}" type="module"></script>
{% endblock %}
{% block main %}<form class="page" id="order" method="post" enctype="multipart/form-data">
  {% csrf_token %}{% include live %}
</form>{% endblock %}"""
MODELS = {
    "image_to_video": "viduq2-pro",
    "frames_to_video": "viduq2-pro",
    "references_to_video": "viduq2",
}


@for_producer
def easel(request: HttpRequest, membership: Membership) -> HttpResponse:
    kind = request.GET.get("kind", "references_to_video")
    offer = catalogue("vidu").offer(kind, MODELS[kind])
    assert offer
    django = engines["django"]
    live = django.from_string(LIVE)
    context = {
        "kind": kind,
        "live": live.template,  # type: ignore[attr-defined]
        "slots": slots(membership.team, offer, request.GET),
    }
    page = live if request.headers.get("HX-Request") else django.from_string(PAGE)
    return HttpResponse(page.render(context, request))


urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<slug:team>/easel", easel, name="easel"),
    *of_the_site,
]
