"""Python loads this as it starts, in every process that a test starts: the data guard, see ``data_guard.py``."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import data_guard

del sys.path[0]
data_guard.guard_this_process()
