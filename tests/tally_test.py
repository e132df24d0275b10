#!/usr/bin/env python3
"""What script/tally makes of CTest's report: nothing that went wrong may look like nothing."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TALLY = Path(__file__).resolve().parent.parent / "script" / "tally"
ALL_PASSED = "All tests passed (33 assertions in 5 test cases)"
NOT_STARTED = '<skipped message="Unable to find executable"/>'
SKIPPED = '<skipped message="SKIP_RETURN_CODE=77"/>'


class Tally(unittest.TestCase):
    # CTest's status, what stands beside it, what the program said, and: passed, failed, skipped.
    CASES = [
        ("run", "", ALL_PASSED, "5 0 0"),
        ("run", "", "All tests passed (1 assertion in 1 test case)", "1 0 0"),
        ("run", "", "a program of its own", "1 0 0"),
        ("run", "", "No tests ran", "0 1 0"),
        ("run", "", "Ran 5 tests in 0.1s\n\nOK (skipped=2)", "3 0 0"),
        ("fail", "", "test cases:  5 |  4 passed | 1 failed", "4 1 0"),
        ("fail", "", "test cases: 2 | 2 failed", "0 2 0"),
        ("fail", "", "test cases: 9 | 6 passed | 2 failed | 1 failed as expected", "6 2 0"),
        ("fail", "", "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)", "2 2 0"),
        ("fail", "", "", "0 1 0"),
        ("fail", "", ALL_PASSED, "5 1 0"),
        ("notrun", NOT_STARTED, "", "0 1 0"),
        ("notrun", SKIPPED, "", "0 0 1"),
    ]

    def test_counts_what_the_programs_say_and_doubts_them_when_they_failed(self):
        for status, beside, said, expected in self.CASES:
            with self.subTest(status=status, said=said), tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
                file.write(f'<testsuite><testcase name="x" status="{status}">{beside}'
                           f"<system-out>{said}</system-out></testcase></testsuite>")
                file.flush()
                run = subprocess.run([sys.executable, TALLY, file.name], capture_output=True, text=True, check=True)
                self.assertEqual(run.stdout.strip(), expected)


if __name__ == "__main__":
    unittest.main()
