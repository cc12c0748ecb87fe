"""The pages for a person, and the mailbox."""

import re
import smtplib
from email.message import EmailMessage

import requests

from tests.sandbox.calls import call_alice, running_call_to
from tests.sandbox.checkout import create
from tests.sandbox.conftest import ALICE, Receiver, Sandbox, wait_for


def page(sandbox: Sandbox, path: str) -> str:
    answer = requests.get(f"{sandbox.http}{path}", timeout=10)
    answer.raise_for_status()
    return answer.text


def press(sandbox: Sandbox, path: str, **fields: str) -> str:
    answer = requests.post(f"{sandbox.http}{path}", data=fields, timeout=10)
    answer.raise_for_status()
    return answer.text


def send_mail(sandbox: Sandbox, *, html: str = "") -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Mobayilo <hello@mobayilo.com>", "alice@example.org"
    message["Subject"] = "Confirm your address, Zoë"
    message.set_content("Open http://localhost:8000/confirm/abc to go on.")
    if html:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp) as server:
        server.send_message(message)


def test_mail_is_kept_for_programs_and_people(sandbox: Sandbox) -> None:
    send_mail(sandbox)
    mail = sandbox.get("mail", to="alice@example.org")["messages"][0]
    assert mail["subject"] == "Confirm your address, Zoë"
    assert mail["links"] == ["http://localhost:8000/confirm/abc"]
    assert sandbox.get("mail", to="bob@example.org")["messages"] == []
    assert f'href="/mail/{mail["id"]}"' in page(sandbox, "/mail")
    assert '<a href="http://localhost:8000/confirm/abc">' in page(sandbox, f"/mail/{mail['id']}")


def test_html_of_a_mail_runs_nothing(sandbox: Sandbox) -> None:
    send_mail(sandbox, html="<script>alert(1)</script><p>Hello</p>")
    id = sandbox.get("mail")["messages"][0]["id"]
    shown = page(sandbox, f"/mail/{id}")
    assert "<script>alert" not in shown
    answer = requests.get(f"{sandbox.http}/mail/{id}/html", timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert "<p>Hello</p>" in answer.text
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_phone_page_shows_codes_and_answers_calls(sandbox: Sandbox, receiver: Receiver) -> None:
    press(sandbox, f"/phone/{ALICE}/manner", outcome="manual")
    with sandbox.slowed():
        sid = call_alice(sandbox, receiver)
        running_call_to(sandbox, ALICE, "ringing")
        shown = page(sandbox, f"/phone/{ALICE}")
        assert re.findall(r'name="action" value="(\w+)"', shown) == ["answer", "decline"]
        press(sandbox, f"/phone/{ALICE}/calls/{sid}", action="answer")
    sandbox.wait_until_idle()
    assert "completed" in page(sandbox, f"/phone/{ALICE}/live")
    assert f'href="/phone/{ALICE}"' in page(sandbox, "/phone")


def test_phone_page_hangs_up(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers["/twiml"] = (200, '<Response><Pause length="3000"/></Response>')
    sid = call_alice(sandbox, receiver)
    running_call_to(sandbox, ALICE, "in-progress")
    assert 'value="hangup"' in page(sandbox, f"/phone/{ALICE}/live")
    press(sandbox, f"/phone/{ALICE}/calls/{sid}", action="hangup")
    wait_for(lambda: "completed" in receiver.statuses())


def test_number_is_picked_up_however_it_is_typed(sandbox: Sandbox) -> None:
    answer = requests.get(
        f"{sandbox.http}/phone", params={"number": " +44 7400 123456 "}, timeout=10
    )
    assert answer.url == f"{sandbox.http}/phone/{ALICE}"


def test_checkout_page_names_the_amount_and_the_choices(sandbox: Sandbox) -> None:
    session = create(sandbox, 2050)
    shown = page(sandbox, f"/c/pay/{session.id}")
    assert "$20.50" in shown
    actions = re.findall(r'name="action" value="(\w+)"', shown)
    assert actions == ["pay", "three_d_secure", "pay_later", "decline", "leave"]
    assert session.id in page(sandbox, "/checkout")
    press(sandbox, f"/c/pay/{session.id}", action="decline")


def test_unknown_pages_say_so(sandbox: Sandbox) -> None:
    for path in ("/mail/0", "/mail/0/html", "/c/pay/cs_test_0", "/nowhere"):
        assert requests.get(f"{sandbox.http}{path}", timeout=10).status_code == 404
