"""Refusals, as the API answers them."""

from tests.telephony.callers import DESTINATION, Answer, Person


def refusal(somebody: Person, to: str = DESTINATION, **more: object) -> tuple[int, str]:
    answer = somebody.call(to, **more)
    return answer.status_code, str(answer.json()["error"]["code"])


def error_of(answer: Answer) -> str:
    return str(answer.json()["error"]["code"])
