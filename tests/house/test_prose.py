"""Docstrings begin with a verb or a noun, and use plain words; CONTRIBUTING.md has the rule."""

import re

from dev.house import ODD_WORDS, QUESTIONS, modules

OURS = modules().values()


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    questions = [
        (str(module.path), text)
        for module in OURS
        for text in module.docstrings()
        if QUESTIONS.match(text)
    ]
    assert questions == []


def test_docstrings_and_comments_use_plain_words() -> None:
    odd = [
        (str(module.path), text)
        for module in OURS
        for text in [
            *module.docstrings(),
            *re.findall(r"(?:^|\s)# (.+)$", module.text, re.MULTILINE),
        ]
        if ODD_WORDS.search(text)
    ]
    assert odd == []
