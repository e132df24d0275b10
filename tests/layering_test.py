#!/usr/bin/env python3
"""Holds the sources to the rooms that docs/architecture.md draws: who may include whom.

Every #include line of every room is read. An arrow that is not in ROOMS, a library outside its
home, a connector that knows another, or a clock read where decisions are made fails the test with
FILE:LINE and the reason. The second half plants each kind of fault in a scratch tree and asks that
it is found, so that the test cannot go blind.
"""

import re
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What each room may include: whole rooms, or single headers where the arrow is narrower than a
# room. A room always includes itself. The longest matching name wins (rules/cel before rules).
ROOMS = {
    "base": [],
    "rules/cel": ["base"],
    "rules": ["base", "rules/cel"],
    "content": ["base", "rules/cel", "rules/kind.h"],
    "config": ["base", "rules", "rules/cel", "content"],
    "store": ["base", "rules", "rules/cel"],
    "http": ["base"],
    "connectors": ["base", "rules", "rules/cel", "content", "config/section.h", "http/client.h",
                   "http/curl_multi.h", "http/headers.h", "http/multipart.h", "http/url.h"],
    "daemon": ["base", "rules", "rules/cel", "content", "config", "store", "http", "connectors"],
}

# CMake targets are named after their folders, with one shorter name.
TARGETS = {("cel" if room == "rules/cel" else room): room for room in ROOMS}

# Libraries (and system headers) that belong to some rooms only, by the start of the header's name.
HOMES = {
    "sqlite3.h": ["store"],
    "libpq-fe.h": ["store"],
    "yaml-cpp/": ["config"],
    "cmark-gfm": ["content"],
    "gmime/": ["connectors"],
    "curl/": ["http", "connectors"],
    "boost/beast": ["http"],
    "boost/asio": ["http", "connectors", "daemon"],
    "CLI/": ["daemon"],
    "systemd/": ["daemon"],
    "spdlog/": ["store", "http", "connectors", "daemon"],
}

# rules/ decides, values in and values out: nothing of the world outside reaches it.
WORLD = re.compile(
    r"^(fstream|filesystem|iostream|syncstream|thread|stop_token|mutex|shared_mutex|semaphore|latch"
    r"|barrier|condition_variable|future|ctime|time\.h|random|csignal|signal\.h|unistd\.h"
    r"|fcntl\.h|dirent\.h|poll\.h|sys/.*|netinet/.*|arpa/.*|netdb\.h)$")
PURE = ["rules/cel", "rules"]

# Code that decides takes `Instant now`, code that runs takes a Clock&.
CLOCK_READ = re.compile(
    r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\s*::\s*now\b"
    r"|\b(?:std::)?random_device\b|\bgettimeofday\b|\bclock_gettime\b")
CLOCKLESS = ["base", "rules/cel", "rules", "content", "config", "store"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
ROOM_CALL = re.compile(r"^\s*room\s*\(\s*(\w+)(.*?)\)", re.MULTILINE | re.DOTALL)
LINK_LISTS = re.compile(r"\b(?:PRIVATE_)?LINK\b(.*?)(?=\b(?:SOURCES|LINK|PRIVATE_LINK)\b|$)", re.DOTALL)


def room_of(path):
    """The room that a path of the project lies in, or None."""
    fitting = [room for room in ROOMS if path.startswith(room + "/")]
    return max(fitting, key=len, default=None)


def may_include(room, path):
    target = room_of(path)
    return target == room or target in ROOMS[room] or path in ROOMS[room]


def connector_headers(root):
    """The headers of single connectors: those that the registry, alone, brings together."""
    registry = root / "connectors" / "registry.cpp"
    if not registry.exists():
        return set()
    shared = {"connectors/connector.h", "connectors/registry.h"}
    named = [INCLUDE.match(line) for line in registry.read_text().splitlines()]
    return {m[1] for m in named if m and m[1] and m[1].startswith("connectors/")} - shared


def is_own_header(file, header):
    """connectors/smtp_reply.cpp may include connectors/smtp.h: one connector, several files."""
    owner = Path(header).stem
    return Path(file).stem == owner or Path(file).stem.startswith(owner + "_")


def include_fault(root, file, quoted, angled, connectors):
    """Why `file` may not include this header, or None."""
    room = room_of(file)
    if angled:
        homes = [h for start, h in HOMES.items() if angled.startswith(start)]
        if any(room not in h for h in homes):
            return f"<{angled}> belongs to {' and '.join(homes[0])}"
        if room in PURE and WORLD.match(angled):
            return f"<{angled}> brings the outside world into {room}"
        return None
    if not (root / quoted).exists():
        return f'"{quoted}" is no path from the top of the project'
    if room_of(quoted) is None:
        return f'"{quoted}" lies in no room'
    if not may_include(room, quoted):
        return f"{room} may not include {quoted}"
    if quoted in connectors and file != "connectors/registry.cpp" and room == "connectors" \
            and not is_own_header(file, quoted):
        return f"a connector may not know another: {quoted}"
    return None


def source_faults(root):
    connectors = connector_headers(root)
    files = sorted(path for room in ROOMS for path in (root / room).glob("*")
                   if path.suffix in (".h", ".cpp"))
    for path in files:
        file = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if match := INCLUDE.match(line):
                if reason := include_fault(root, file, match[1], match[2], connectors):
                    yield f"{file}:{number}: {reason}"
            elif room_of(file) in CLOCKLESS and (read := CLOCK_READ.search(line.split("//")[0])):
                yield f"{file}:{number}: {read[0]} in {room_of(file)}; take an Instant, a Clock& or a Random&"


def link_faults(root):
    for room in ROOMS:
        lists = root / room / "CMakeLists.txt"
        if not lists.exists():
            continue
        for call in ROOM_CALL.finditer(lists.read_text()):
            for linked in (name for names in LINK_LISTS.findall(call[2]) for name in names.split()):
                target = TARGETS.get(linked)
                allowed = [room, *(p if p in ROOMS else room_of(p) for p in ROOMS[room])]
                if target is not None and target not in allowed:
                    yield f"{room}/CMakeLists.txt: {call[1]} may not link {linked}"


def faults(root):
    return [*source_faults(root), *link_faults(root)]


class TheProject(unittest.TestCase):
    def test_keeps_to_its_arrows(self):
        self.assertTrue((ROOT / "base" / "result.h").exists(), "the rooms are not where they were")
        found = faults(ROOT)
        self.assertEqual(found, [], "\n" + "\n".join(found))


class TheTestItself(unittest.TestCase):
    """Each row: a file, its text, and the fault that must be found (None: it is allowed)."""

    TREE = {
        "base/result.h": "",
        "rules/contact.h": '#include "base/result.h"\n',
        "rules/kind.h": "",
        "rules/cel/value.h": "",
        "content/liquid.h": "",
        "config/section.h": "",
        "config/load.h": "",
        "store/store.h": "",
        "http/client.h": "",
        "http/server.h": "",
        "connectors/connector.h": "",
        "connectors/smtp.h": "",
        "connectors/file.h": "",
        "connectors/mime.h": "",
        "connectors/registry.cpp": '#include "connectors/smtp.h"\n#include "connectors/file.h"\n',
        "daemon/app.h": "",
    }
    CASES = [
        ("base/x.cpp", '#include "rules/contact.h"', "base may not include rules/contact.h"),
        ("rules/cel/x.cpp", '#include "rules/contact.h"', "rules/cel may not include"),
        ("rules/x.cpp", '#include "rules/cel/value.h"', None),
        ("rules/x.cpp", '#include "store/store.h"', "rules may not include store/store.h"),
        ("rules/x.cpp", "#include <fstream>", "outside world"),
        ("rules/cel/x.cpp", "  #  include <sys/stat.h>", "outside world"),
        ("rules/x.cpp", "#include <spdlog/spdlog.h>", "belongs to"),
        ("rules/x.cpp", "#include <yaml-cpp/yaml.h>", "belongs to config"),
        ("rules/x.cpp", "#include <sqlite3.h>", "belongs to store"),
        ("rules/x.cpp", "#include <chrono>", None),
        ("rules/x.cpp", "auto now = std::chrono::system_clock::now();", "take an Instant"),
        ("rules/x.cpp", "// never system_clock::now here", None),
        ("store/x.cpp", "std::random_device seed;", "take an Instant"),
        ("content/x.cpp", '#include "rules/kind.h"', None),
        ("content/x.cpp", '#include "rules/contact.h"', "content may not include"),
        ("config/x.cpp", '#include "connectors/smtp.h"', "config may not include"),
        ("config/x.cpp", '#include "content/liquid.h"', None),
        ("store/x.cpp", '#include "config/load.h"', "store may not include"),
        ("http/x.cpp", '#include "rules/kind.h"', "http may not include"),
        ("connectors/x.cpp", '#include "config/section.h"', None),
        ("connectors/x.cpp", '#include "config/load.h"', "connectors may not include"),
        ("connectors/x.cpp", '#include "http/server.h"', "connectors may not include"),
        ("connectors/x.cpp", '#include "daemon/app.h"', "connectors may not include"),
        ("connectors/file.cpp", '#include "connectors/smtp.h"', "may not know another"),
        ("connectors/mime.cpp", '#include "connectors/smtp.h"', "may not know another"),
        ("connectors/smtp.cpp", '#include "connectors/smtp.h"\n#include "connectors/mime.h"', None),
        ("connectors/smtp_reply.cpp", '#include "connectors/smtp.h"', None),
        ("daemon/x.cpp", '#include "connectors/smtp.h"', None),
        ("daemon/x.cpp", "#include <sqlite3.h>", "belongs to store"),
        ("base/x.cpp", '#include "gone.h"', "no path from the top"),
        ("rules/CMakeLists.txt", "room(rules\n  SOURCES a.cpp\n  LINK base store)", "may not link store"),
        ("rules/CMakeLists.txt", "room(rules SOURCES a.cpp LINK base cel PRIVATE_LINK http)", "may not link http"),
        ("connectors/CMakeLists.txt", "room(connectors SOURCES a.cpp LINK base config http)", None),
    ]

    def test_finds_every_forbidden_arrow_and_no_other(self):
        for file, text, expected in self.CASES:
            with self.subTest(file=file, text=text), tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                for name, content in {**self.TREE, file: text + "\n"}.items():
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(content)
                found = faults(root)
                if expected is None:
                    self.assertEqual(found, [])
                else:
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(expected, found[0])


if __name__ == "__main__":
    sys.exit(unittest.main())
