"""What `make fuzz` sends is new each time; what the suite sends never is."""

import hypothesis


def test_fuzz_tries_new_examples_and_the_suite_the_same() -> None:
    fuzz = hypothesis.settings.get_profile("fuzz")
    suite = hypothesis.settings.get_profile("suite")
    assert (fuzz.derandomize, suite.derandomize) == (False, True)
    assert fuzz.max_examples > suite.max_examples
