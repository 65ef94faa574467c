"""Processes of their own for races and kills, each forked from one that has imported the house and done nothing else.

A process started from nothing spends a second of processor time on imports; a fork of the clean server spends none.
"""

from __future__ import annotations

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["tests.support.booker", "tests.support.storm", "tests.support.sweeper", "tests.support.warm"]
)
