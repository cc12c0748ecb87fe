"""Phones of an account, once they are proved."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, OutboxMail, User
from telephony.models import CallerId
from telephony.phones.caller_ids import active_caller_ids, remove_caller_id
from tests.telephony.callers import DESTINATION, OWN_PHONE, People, Person, in_another_thread, prove
from tests.telephony.refusals import error_of
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_country_of_the_account_is_changed(local_caller: Person, bob: User) -> None:
    answer = local_caller.post("caller-ids/country", country="France")
    assert answer.json() == {"default_country": "FR", "country_name": "France"}
    assert local_caller.get("status").json()["account"]["default_country"] == "FR"
    checked = local_caller.post("numbers/check", number="01 23 45 67 89")
    assert checked.json()["e164"] == "+33123456789"
    local_caller.post("caller-ids/country", country="fr")
    changes = AuditEvent.objects.filter(account=bob.account, action="account.country_changed")
    assert [e.facts for e in changes] == [{"country": "FR", "was": ""}]


def test_country_that_no_one_knows_is_refused(local_caller: Person) -> None:
    assert error_of(local_caller.post("caller-ids/country", country="QQ")) == "unknown_country"


def test_phone_that_another_account_proves_stays_and_its_users_get_a_mail(
    person: People, alice: User, charlie: User, sandbox: Sandbox
) -> None:
    former, other = person(alice, phone=OWN_PHONE, dollars=20), person(charlie, dollars=20)
    prove(other, sandbox)
    prove(other, sandbox)  # again, as twice a year: one mail
    assert OutboxMail.objects.get(template__contains="caller_id_shared").user == alice
    assert AuditEvent.objects.filter(account=alice.account, action="caller_id.shared").exists()
    for somebody in (former, other):
        (phone,) = somebody.get("caller-ids").json()["items"]
        assert (phone["e164"], phone["is_default"]) == (OWN_PHONE, True)
        assert somebody.call().json()["shown_number"] == OWN_PHONE


def test_proof_that_is_too_old_must_be_given_again(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice, phone=OWN_PHONE, dollars=20)
    CallerId.objects.update(verified_at=timezone.now() - timedelta(days=181))
    assert error_of(somebody.call()) == "caller_id_unverified"
    prove(somebody, sandbox)
    assert somebody.call().status_code == 201


def test_removing_the_default_phone_chooses_another(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice, phone=OWN_PHONE)
    prove(somebody, sandbox, "+447400123457")
    first, second = somebody.get("caller-ids").json()["items"]
    chosen = somebody.post(f"caller-ids/{second['id']}/default")
    assert chosen.json()["is_default"] is True
    assert somebody.ask("DELETE", f"caller-ids/{second['id']}").status_code == 204
    (left,) = somebody.get("caller-ids").json()["items"]
    assert (left["id"], left["is_default"]) == (first["id"], True)


def test_choosing_a_phone_that_is_just_removed_leaves_a_default(local_caller: Person) -> None:
    account = local_caller.user.account
    going = CallerId.objects.create(account=account, e164="+447400123457", country="GB")
    path = f"caller-ids/{going.public_id}/default"
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            remove_caller_id(going, user=None)
            choosing = pool.submit(in_another_thread, lambda: local_caller.post(path))
            with suppress(TimeoutError):  # it waits for us, having found the phone before
                choosing.result(timeout=1)
        assert (choosing.result().status_code, error_of(choosing.result())) == (404, "not_found")
    assert [p.e164 for p in active_caller_ids(account) if p.is_default] == [OWN_PHONE]


def test_strangers_cannot_touch_a_phone(person: People, alice: User, charlie: User) -> None:
    person(alice, phone=OWN_PHONE)
    stranger, theirs = person(charlie), CallerId.objects.get().public_id
    assert stranger.ask("DELETE", f"caller-ids/{theirs}").status_code == 404
    assert stranger.post(f"caller-ids/{theirs}/default").status_code == 404
    assert error_of(stranger.call(DESTINATION, caller_id=theirs)) == "caller_id_required"
