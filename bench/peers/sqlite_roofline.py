#!/usr/bin/env python3
"""The most that SQLite itself takes here: rows of 300 bytes in time order, 1,000 a transaction, WAL, synchronous=FULL.
Prints rows a second. usage: sqlite_roofline.py FILE SECONDS"""
import os
import sqlite3
import sys
import time

file, seconds = sys.argv[1], float(sys.argv[2])
body = os.urandom(300)
store = sqlite3.connect(file, isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute("PRAGMA synchronous=FULL")
store.execute("CREATE TABLE event(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
begin = time.monotonic()
rows = 0
while time.monotonic() - begin < seconds:
    store.execute("BEGIN IMMEDIATE")
    store.executemany("INSERT INTO event VALUES (?, ?)", ((rows + n, body) for n in range(1000)))
    store.execute("COMMIT")
    rows += 1000
print(rows / (time.monotonic() - begin))
