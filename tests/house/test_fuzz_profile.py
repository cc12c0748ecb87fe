"""Examples of `make fuzz` are new each time; those of the suite are always the same."""

import hypothesis


def test_fuzz_tries_new_examples_and_the_suite_the_same() -> None:
    fuzz = hypothesis.settings.get_profile("fuzz")
    suite = hypothesis.settings.get_profile("suite")
    assert (fuzz.derandomize, suite.derandomize) == (False, True)
    assert fuzz.max_examples > suite.max_examples
