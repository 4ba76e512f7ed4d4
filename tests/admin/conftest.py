"""The admin site with its operator, and teams with one row of every family."""

from collections.abc import Callable

import pytest
from django.test import Client

from generations.models import Membership, User
from tests.full_site import fill_team


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.com", "rushes-rushes")


@pytest.fixture
def site(client: Client, operator: User) -> Client:
    """A browser without script, signed in as the operator."""
    client.force_login(operator)
    return client


@pytest.fixture
def fill(operator: User) -> Callable[[int], list[Membership]]:
    """Make so many teams, each with one row of every family."""
    return lambda count: [fill_team(operator) for _ in range(count)]
