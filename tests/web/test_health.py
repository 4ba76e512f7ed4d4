"""What a load balancer and a person on duty are told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from generations import clock
from generations.models import Heartbeat


def test_a_process_that_answers_is_live_without_a_database(client: Client) -> None:
    assert client.get("/health/live").content == b"ok\n"


@pytest.mark.django_db
def test_ready_when_database_migrations_cache_and_cluster_are_well(client: Client) -> None:
    Heartbeat.record("cluster")
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "database": "ok",
        "migrations": "ok",
        "cache": "ok",
        "cluster": "ok",
    }


@pytest.mark.django_db
def test_not_ready_while_the_cluster_is_silent(client: Client) -> None:
    Heartbeat.objects.create(name="cluster", at=clock.now() - timedelta(seconds=90))
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["cluster"].startswith("has done no job for 9")


@pytest.mark.django_db
def test_not_ready_before_the_cluster_did_its_first_job(client: Client) -> None:
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["ready"]) == (503, False)


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    Heartbeat.record("cluster")
    ((app, newest),) = MigrationLoader(connection).graph.leaf_nodes("generations")
    MigrationRecorder(connection).record_unapplied(app, newest)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert "to be applied" in response.json()["migrations"]


@pytest.mark.django_db
def test_a_post_to_health_is_refused(client: Client) -> None:
    assert client.post("/health/ready").status_code == 405
