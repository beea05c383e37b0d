"""Runs the tests of this folder against the kernel spec `graphpatch`.

--list prints their names as a JSON list; otherwise one line of JSON a finished test.
"""
from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path
from typing import Any, Iterator

HERE = Path(__file__).parent


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


class JsonResult(unittest.TestResult):
    """A test that is skipped counts as failed: nothing here may be skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: dict[str, str] = {}

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self.note(test, self._exc_info_to_string(err, test))

    addFailure = addError

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self.note(test, f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.note(test, f"skipped: {reason}")

    def note(self, test: unittest.TestCase, problem: str) -> None:
        self.problems[test.id()] = problem
        if not hasattr(test, "_testMethodName"):  # setUpClass: the tests of the class never start
            emit({"name": test.id(), "problem": problem})

    def stopTest(self, test: unittest.TestCase) -> None:
        emit({"name": test.id(), "problem": self.problems.get(test.id())})
        super().stopTest(test)


def emit(value: object) -> None:
    print(json.dumps(value), flush=True)


def main() -> None:
    suite = unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py")
    if "--list" in sys.argv:
        emit([test.id() for test in tests_of(suite)])
        return
    suite.run(JsonResult())


main()
