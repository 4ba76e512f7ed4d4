"""What our own orders became of: their numbers and files, given to the parts that they make."""

from django.db import transaction

from generations.models import Attempt, Composition, File, Film, Ingredient, Take, Team
from generations.models.files import FilePart
from generations.models.tasks import TaskState

type Part = Take | Composition

MADE = (FilePart.VIDEO, FilePart.AUDIO)


@transaction.atomic
def adopt(film: Film) -> None:
    """Give every ordered part the number that the provider gave it, and its own file."""
    version = Team.next_sequence(film.team_id)
    changed = False
    for rows in (Take.objects, Composition.objects):
        ordered = rows.filter(film=film, task__isnull=False).select_related("task")
        for part in ordered.filter(number=""):
            changed |= _number(part)
        for part in ordered.filter(file=None, task__state=TaskState.SUCCEEDED):
            changed |= _give_file(part)
    if changed:
        Film.objects.filter(pk=film.pk).update(version=version)


def _number(part: Part) -> bool:
    numbers = Attempt.objects.filter(task=part.task).exclude(number="")
    number = numbers.order_by("-ordinal").values_list("number", flat=True).first()
    if number is None:
        return False
    rows = type(part).objects.filter(film=part.film_id)
    if twin := rows.filter(number=number).first():
        _join(part, twin)
    else:
        rows.filter(pk=part.pk).update(number=number)
    return True


def _join(part: Part, twin: Part) -> None:
    """The tree showed our own record while its order was unclear: who chose it chose ours."""
    task = part.task
    if isinstance(part, Composition):
        ours = Ingredient.objects.filter(composition=part)
        if Ingredient.objects.filter(composition=twin.pk).exists():
            ours.delete()
        ours.update(composition=twin.pk)
    part.delete()
    type(twin).objects.filter(pk=twin.pk).update(task=task)


def _give_file(part: Part) -> bool:
    made = File.objects.filter(task=part.task, part__in=MADE).order_by("ordinal").first()
    return bool(made and type(part).objects.filter(pk=part.pk).update(file=made))
