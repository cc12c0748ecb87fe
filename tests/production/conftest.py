"""A cluster on the run's PostgreSQL, in a database of its own, and its customers."""

from collections.abc import Callable, Iterator

import pytest

from dev.customer import Customer
from dev.soak.api_customer import DESTINATION, ApiCustomer
from dev.soak.cluster import Cluster, missing_tools
from tests.database import ON_SQLITE
from tests.live import Prepared, prepared_database

PASSWORD = "correct horse battery staple"
SPEED = 40


class PreparedCluster(Prepared, Cluster):
    """A cluster whose database is a copy of a prepared one."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if ON_SQLITE:
        pytest.skip("several machines need PostgreSQL")
    if missing := missing_tools():
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("cluster")
    with PreparedCluster(folder, database_url=prepared_database("cluster")) as running:
        running.control("speed", {"speed": SPEED})
        running.control("numbers", {"number": DESTINATION, "talk_seconds": 30})
        yield running


@pytest.fixture(scope="session")
def new_customer(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., ApiCustomer]:
    """Signs a person up, with a token from the settings page; a phone and money where named."""

    def sign_up(name: str, *, phone: str = "", dollars: str = "") -> ApiCustomer:
        home = tmp_path_factory.mktemp(name)
        person = Customer(cluster, f"{home.name}@example.org", PASSWORD, home)
        person.browser.sign_up(person.email, person.password)
        person.log_in_with_token()
        token = person.moby("auth", "token").stdout.strip()
        if phone:
            person.prove(phone)
        if dollars:
            assert person.top_up(dollars).code == 0
        return ApiCustomer(cluster.web, token, person, phone)

    return sign_up


@pytest.fixture(scope="session")
def caller(new_customer: Callable[..., ApiCustomer]) -> ApiCustomer:
    """Signed in, with a proved phone and $100.00."""
    return new_customer("caller", phone="+447400123456", dollars="100")
