"""A resolver on loopback that answers TXT questions from a table."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset


@contextmanager
def resolver(records: dict[str, str]) -> Iterator[str]:
    """Answer until the end of the block. Yield the address, as DNS_RESOLVER takes it."""
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            packet, asker = door.recvfrom(4096)
            if packet == b"end":
                return
            door.sendto(answer_to(packet, records), asker)

    thread = threading.Thread(target=serve)
    thread.start()
    host, port = door.getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        door.sendto(b"end", (host, port))
        thread.join()
        door.close()


def answer_to(packet: bytes, records: dict[str, str]) -> bytes:
    query = dns.message.from_wire(packet)
    answer = dns.message.make_response(query)
    name = query.question[0].name.to_text(omit_final_dot=True)
    if text := records.get(name):
        question = query.question[0].name
        answer.answer.append(dns.rrset.from_text(question, 60, "IN", "TXT", f'"{text}"'))
    else:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer.to_wire()
