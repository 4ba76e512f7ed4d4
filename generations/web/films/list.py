"""The list of a team's ad films."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generations import films as works
from generations.films import FilmCard
from generations.models import Attempt, Film, Membership
from generations.web.access import for_member
from generations.web.layout.cards import Card, draw_cards
from generations.web.layout.risks import has_news
from generations.web.messages import films as messages
from generations.web.messages import tasks
from generations.web.query import optional_number

PAGE = 24


@dataclass(frozen=True)
class ListedFilm:
    """A film in the list; ``card`` shows its order until the film is there."""

    work: FilmCard
    card: Card

    @property
    def film(self) -> Film:
        return self.work.film

    @property
    def title(self) -> str:
        return messages.title(self.film)

    @property
    def unit(self) -> str:
        return tasks.unit(self.film.task)

    @property
    def is_moving(self) -> bool:
        return not self.card.task.is_final or self.film.due_at is not None


@require_safe
@for_member
def films(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the list; ``?since=``: all of its cards anew, 204 when nothing of the team changed."""
    team, before = membership.team, optional_number(request.GET.get("before", ""))
    # A warning of a silent worker comes and goes without any change of rows.
    if request.GET.get("since") == str(team.sequence) and not has_news(request, team):
        return HttpResponse(status=204)
    rows = Film.objects.for_team(team).outside_trash().for_board().newest_first()
    if before is not None:
        rows = rows.before(before)
    attempts = Attempt.objects.defer("reply", "report", "first_report")
    found = list(
        rows.prefetch_related(Prefetch("task__attempts", attempts), "task__pictures__upload")[
            : PAGE + 1
        ]
    )
    cards = draw_cards(team, [film.task for film in found[:PAGE]])
    works_and_cards = zip(works.list_films(found[:PAGE]), cards, strict=True)
    shown = [ListedFilm(work, card) for work, card in works_and_cards]
    context = {
        "films": shown,
        "next": found[PAGE - 1].pk if len(found) > PAGE else "",
        "before": before,
        "moving": any(one.is_moving for one in shown),
        "swap": "since" in request.GET,
    }
    page = "films/list.html#changes" if "since" in request.GET else "films/list.html"
    return render(request, page, context)
