"""The order form follows its model, names every mistake, and orders once."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations.billing import ledger, prices
from generations.lifecycle import order as ordering
from generations.lifecycle import transitions
from generations.models import Attempt, Cap, Credential, Membership, Role, Task
from generations.models.caps import WhenUnknown
from generations.models.tasks import TaskState
from generations.providers.contract import Reason
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks, wanted

pytestmark = pytest.mark.django_db
Q1 = {"model": "viduq1", "resolution": "1080p"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def at(member: Membership) -> str:
    return f"/t/{member.team.slug}/new/"


def fields(key: Credential, **other: str) -> dict[str, str]:
    return {
        "credential": str(key.pk),
        "kind": "text_to_video",
        "model": "viduq2",
        "prompt": "A lighthouse at dusk",
        "duration": "5",
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "seed": "",
        "count": "1",
        "form_token": "one-press",
        **other,
    }


def balance(credential: Credential, left: int, *, before: int = 0) -> None:
    credential.balance = left
    credential.save(update_fields=["balance"])
    ledger.adjust(credential, left - before, "for a test")


def test_an_order_makes_a_task_once_and_leads_to_the_gallery(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    for _ in range(2):  # a double press
        answer = site.post(at, fields(credential, seed="7", bgm="True", watermark="on"))
        assert (answer.status_code, answer["Location"]) == (303, f"/t/{member.team.slug}/")
    task = Task.objects.get()
    assert (task.model, task.prompt, task.created_by) == (
        "viduq2",
        "A lighthouse at dusk",
        member.user,
    )
    assert task.settings == {
        "duration": 5,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "seed": 7,
        "bgm": True,
        "watermark": True,
    }
    with case("three of them"):
        site.post(at, fields(credential, count="3", form_token="next-press"))
        assert Task.objects.count() == 4


def test_what_is_not_said_is_the_models_default_and_sound_can_be_switched_off(
    site: Client, at: str, credential: Credential
) -> None:
    said = {"credential": str(credential.pk), "model": "viduq3-pro", "prompt": "A pier"}
    assert site.post(at, said).status_code == 303
    settings = Task.objects.get().settings
    assert (settings["duration"], settings["resolution"]) == (5, "720p")
    assert "audio" not in settings
    site.post(at, fields(credential, model="viduq3-pro", audio="False"))
    assert Task.objects.latest("pk").settings["audio"] is False


def test_a_mistake_is_told_beside_its_field_and_nothing_is_ordered(
    site: Client, at: str, credential: Credential
) -> None:
    seed = "A seed is a whole number, 0 to 2,147,483,647."
    length = "This model makes clips of 1 to 10 whole seconds."
    mistakes: list[tuple[Mapping[str, str], list[str]]] = [
        (
            {
                "prompt": "",
                "duration": "11",
                "resolution": "4k",
                "aspect_ratio": "2:1",
                "seed": "48 211 f",
                "count": "0",
            },
            [
                "Write what the clip shows.",
                length,
                "At this length the model makes 540p, 720p or 1080p.",
                "This model makes 16:9",
                seed,
                "Order 1 to 20 clips at once.",
            ],
        ),
        ({"duration": "five", "seed": "-1"}, [length, seed]),
        (
            {"prompt": "x" * 5001},
            ["This prompt has 5,001 characters; the model reads 5,000."],
        ),
        ({"model": "sora"}, ["This key has no such model."]),
        ({"credential": "999999"}, ["That key is not your team&#x27;s."]),
        ({**Q1, "movement_amplitude": "wild"}, ["Choose auto, small, medium or large."]),
    ]
    for wrong, sentences in mistakes:
        headers = {} if "prompt" in wrong else HTMX  # the part of the page that has the sentence
        answer = site.post(at, fields(credential, **wrong), headers=headers)
        for sentence in sentences:
            with case(sentence):
                assert answer.status_code == 422
                assert sentence in answer.text
    assert not Task.objects.exists()


def test_nothing_typed_is_lost_with_a_refused_form(
    site: Client, at: str, credential: Credential
) -> None:
    page = site.post(at, fields(credential, seed="48 211 f", resolution="1080p", count="2")).text
    assert "A lighthouse at dusk</textarea>" in page
    assert 'value="48 211 f"' in page
    assert 'value="one-press"' in page
    assert page.count("checked") >= 4
    assert 'href="#field-seed"' in page


def test_an_option_that_the_new_model_lacks_is_not_dropped_in_silence(
    site: Client, at: str, credential: Credential
) -> None:
    sent = fields(credential, model="viduq3-pro", movement_amplitude="large")
    answer = site.post(at, sent)
    assert answer.status_code == 422
    assert "This model has no “Motion”." in answer.text
    sent["movement_amplitude"] = "auto"
    assert site.post(at, sent).status_code == 303


def test_the_form_has_the_fields_that_the_model_has_at_that_length(
    site: Client, at: str, credential: Credential
) -> None:
    eight = site.get(at, {"model": "viduq2", "duration": "8"}, headers=HTMX).text
    nine = site.get(at, {"model": "viduq2", "duration": "9"}, headers=HTMX).text
    assert 'name="bgm"' in eight
    assert 'name="bgm"' not in nine
    q1 = site.get(at, {"model": "viduq1"}, headers=HTMX).text
    q3 = site.get(at, {"model": "viduq3-pro"}, headers=HTMX).text
    assert 'name="movement_amplitude"' in q1
    assert 'name="movement_amplitude"' not in q3
    assert "data-high" not in q1
    assert 'data-high="16"' in q3
    refused = site.post(at, fields(credential, duration="9", bgm="True"))
    assert "This model has no “Music”." in refused.text


def test_a_value_that_the_new_model_lacks_disappears_and_the_others_stay(
    site: Client, at: str, credential: Credential
) -> None:
    typed = fields(credential, model="viduq1", resolution="540p", aspect_ratio="9:16")
    form = site.get(at, typed, headers=HTMX).context["form"]
    assert form.values["resolution"] == "1080p"
    assert form.values["aspect_ratio"] == "9:16"


def test_more_stays_folded_until_something_in_it_is_said(
    site: Client, at: str, credential: Credential
) -> None:
    """What a browser sends of an untouched form says nothing."""
    untouched = {"model": "viduq2", "seed": "", "meta_data": "", "form_token": "press"}
    assert not site.get(at, untouched, headers=HTMX).context["form"].more_is_open
    opened = site.get(at, untouched | {"seed": "7"}, headers=HTMX)
    assert opened.context["form"].more_is_open


def test_the_fragment_carries_the_price_and_leaves_the_prompt_alone(
    site: Client, at: str, credential: Credential
) -> None:
    part = site.get(at, fields(credential, count="2"), headers=HTMX).text
    assert "Generate · 70 credits" in part
    assert "<textarea" not in part
    assert "<html" not in part


def test_without_script_update_keeps_what_is_typed_and_orders_nothing(
    site: Client, at: str, credential: Credential
) -> None:
    answer = site.post(at, fields(credential, model="viduq3-pro", update="1"))
    assert answer.status_code == 200
    assert "A lighthouse at dusk</textarea>" in answer.text
    assert not Task.objects.exists()


def test_a_task_of_the_team_fills_the_form(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    site.post(at, fields(credential, seed="7", aspect_ratio="9:16"))
    form = site.get(at, {"like": Task.objects.get().pk}, headers=HTMX).context["form"]
    assert form.values["prompt"] == "A lighthouse at dusk"
    assert (form.values["seed"], form.values["aspect_ratio"]) == (7, "9:16")
    assert form.values["form_token"] != "one-press"
    with case("a task of another team"):
        stranger = make_member()
        [task] = make_tasks(membership=stranger, credential=make_credential(team=stranger.team))
        assert site.get(at, {"like": task.pk}).status_code == 404


def test_a_key_of_another_team_is_not_offered(
    site: Client, at: str, credential: Credential
) -> None:
    foreign = make_credential(team=make_member().team, name="Foreign key")
    answer = site.post(at, fields(foreign))
    assert answer.status_code == 422
    assert "Foreign key" not in answer.text
    assert not Task.objects.exists()


def test_what_is_left_is_told_and_too_little_switches_the_button_off(
    site: Client, at: str, credential: Credential
) -> None:
    balance(credential, 12_480)
    page = site.get(at, fields(credential), headers=HTMX).text
    assert "Leaves 12,445 of this key's 12,480 credits" in page
    balance(credential, 20, before=12_480)
    refused = site.post(at, fields(credential))
    assert refused.status_code == 422
    assert "This needs 35 credits and the key has 20 left." in refused.text
    assert 'id="order-submit" disabled' in refused.text
    assert "Nothing was ordered and nothing was charged." in refused.text
    assert not Task.objects.exists()


def test_a_paused_key_says_why_orders_nothing_and_is_not_the_first_choice(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    transitions.pause_credential(credential, Reason.KEY_REFUSED)
    refused = site.post(at, fields(credential))
    assert refused.status_code == 422
    assert "The provider refused this key." in refused.text
    assert 'id="order-submit" disabled' in refused.text
    assert not Task.objects.exists()
    working = make_credential(team=member.team, name="Zebra key")
    assert site.get(at, headers=HTMX).context["form"].credential == working


def test_without_a_key_the_page_says_what_to_do(site: Client, at: str) -> None:
    assert "Ask an owner of this team" in site.get(at).text
    owner = make_member(role=Role.OWNER)
    site.force_login(owner.user)
    page = site.get(f"/t/{owner.team.slug}/new/").text
    assert f"/t/{owner.team.slug}/credentials/new/" in page


def test_only_who_may_order_finds_the_form(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    with case("a viewer"):
        site.force_login(make_member(team=member.team, role=Role.VIEWER).user)
        assert site.get(at).status_code == 403
        assert site.post(at, fields(credential)).status_code == 403
    with case("a stranger"):
        site.force_login(make_member().user)
        assert site.get(at).status_code == 404
    with case("nobody"):
        assert Client().get(at)["Location"].startswith("/accounts/login/")


# ---- The price that nobody knows --------------------------------------------------------------


def tick_of(key: Credential, model: str = "vidu-q3") -> str:
    return f"text_to_video.{model}.{key.pk}"


@pytest.fixture
def gateway(member: Membership) -> Credential:
    """A key of whose models nobody publishes a price."""
    return make_credential(team=member.team, kind="vivienne", name="Gateway")


def test_an_estimate_says_where_it_comes_from(
    site: Client, at: str, credential: Credential, gateway: Credential, member: Membership
) -> None:
    def part(key: Credential = credential) -> str:
        return one_line(site.get(at, fields(key), headers=HTMX).text)

    assert "catalogue price, checked on" in part()
    assert "price not known" in part(gateway)
    with case("the last of its kind"):
        (task,) = order(member, gateway)
        Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)
        attempt = Attempt.objects.select_related("task", "credential").get(task=task)
        ledger.settle(attempt, 12)
        assert "Generate · about 12 points" in part(gateway)
        assert "as your last clip of 5 s" in part(gateway)
    with case("an owner's price"):
        prices.set_price(
            gateway, member.user, kind="text_to_video", model="viduq2", amount=Decimal("2.5")
        )
        assert "Generate · 13 points" in part(gateway)
        assert "by your price" in part(gateway)


def order(member: Membership, key: Credential) -> list[Task]:
    return ordering.order(
        member, key, wanted(), accepts_unknown=True, form_token=f"{key.pk}-before"
    )


def test_an_order_of_unknown_price_is_asked_about_before_the_press_and_once(
    site: Client, at: str, gateway: Credential
) -> None:
    sent = fields(gateway, count="2")
    question = "Nobody here knows what this costs with Gateway."
    with case("before the press"):
        page = site.get(at, sent, headers=HTMX).text
        assert question in page
        assert f'value="{tick_of(gateway, "viduq2")}"' in page
        assert "An owner of this team can enter the price." in page
    with case("a press without the answer keeps all that was typed"):
        refused = site.post(at, sent)
        assert refused.status_code == 422
        assert "Tick this to order. Nothing was ordered" in refused.text
        assert "A lighthouse at dusk</textarea>" in refused.text
        assert 'value="one-press"' in refused.text
        assert 'href="#field-accepts_unknown"' in refused.text
    with case("an answer for another model is none for this one"):
        assert site.post(at, sent | {"accepts_unknown": tick_of(gateway)}).status_code == 422
        assert not Task.objects.exists()
    with case("the answer"):
        tick = {"accepts_unknown": tick_of(gateway, "viduq2")}
        assert site.post(at, sent | tick).status_code == 303
        assert Task.objects.count() == 2
    with case("it is asked once"):
        assert question not in site.get(at, sent, headers=HTMX).text
        assert site.post(at, sent | {"form_token": "next"}).status_code == 303


def test_several_keys_are_summed_as_far_as_anybody_knows(
    site: Client, at: str, credential: Credential, gateway: Credential
) -> None:
    part = site.get(at, fields(credential, also=str(gateway.pk)), headers=HTMX).text
    assert "Generate · 35 credits + 1 not known" in part
    assert "Nobody here knows what this costs with Gateway." in part


def test_a_cap_asks_each_time_or_lets_none_pass(
    site: Client, at: str, gateway: Credential, member: Membership
) -> None:
    order(member, gateway)
    cap = Cap.objects.create(team=member.team, unit="point", amount=500)
    sent = fields(gateway)
    tick = {"accepts_unknown": tick_of(gateway, "viduq2")}
    with case("it asks though it was answered before"):
        page = site.get(at, sent, headers=HTMX).text
        assert "the team&#x27;s cap of 500 points" in page
        assert site.post(at, sent).status_code == 422
        assert site.post(at, sent | tick).status_code == 303
    with case("it refuses, and says what to do"):
        Cap.objects.filter(pk=cap.pk).update(when_unknown=WhenUnknown.REFUSE)
        page = site.get(at, sent | {"form_token": "next"}, headers=HTMX).text
        assert "This cap lets no order pass without a known price." in page
        assert 'id="order-submit" disabled' in page
        refused = site.post(at, sent | tick | {"form_token": "next"})
        assert refused.status_code == 422
        assert "An owner can enter the price of this key, or change the cap." in refused.text


def one_line(html: str) -> str:
    return " ".join(html.split())


def test_the_page_asks_as_many_questions_for_ten_keys_as_for_one(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    site.get(at)
    with CaptureQueriesContext(connection) as one:
        site.get(at)
    for number in range(9):
        make_credential(team=member.team, name=f"Key {number}")
    with CaptureQueriesContext(connection) as ten:
        site.get(at)
    assert len(ten) == len(one)


def test_keys_without_a_price_are_each_asked_once(
    site: Client, at: str, gateway: Credential, member: Membership
) -> None:
    counts = []
    for number in range(3):
        make_credential(team=member.team, kind="vivienne", name=f"Gateway {number}")
        site.get(at, fields(gateway), headers=HTMX)
        with CaptureQueriesContext(connection) as captured:
            site.get(at, fields(gateway), headers=HTMX)
        counts.append(len(captured))
    assert [counts[1] - counts[0], counts[2] - counts[1]] == [1, 1]
