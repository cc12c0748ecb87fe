"""Promises of the design, judged on each page in every look."""

from itertools import product

from tests.web.watched import COLOURS, DESKTOP, PHONE, WCAG, Watched

Look = tuple[dict[str, int], str]
LOOKS: list[Look] = list(product((PHONE, DESKTOP), ("light", "dark")))
NARROWEST = {"width": 320, "height": 640}


def judge(watched: Watched, name: str, *, looks: list[Look] = LOOKS) -> list[str]:
    """Everything wrong with the page that is open, in each look."""
    wrong: list[str] = []
    for viewport, theme in looks:
        watched.wear(viewport, theme)
        look = f"{name}, {viewport['width']} {theme}: "
        # A theme changes nothing but colours.
        rules = COLOURS if (viewport, "light") in looks and theme == "dark" else WCAG
        wrong += [look + violation for violation in watched.violations(rules)]
        if watched.is_wider_than_the_window():
            wrong.append(f"{look}scrolls sideways")
    return wrong


def judge_of_customers(watched: Watched, name: str) -> list[str]:
    """The same, and the narrowest window; the admin's own tables need more."""
    wrong = judge(watched, name)
    watched.wear(NARROWEST, "light")
    return [*wrong, f"{name} scrolls at 320"] if watched.is_wider_than_the_window() else wrong
