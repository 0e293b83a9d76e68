"""The trust boundary: the only modules that start programs, write files, or parse foreign data.

`programs` starts, `files` writes, `foreign` parses JSON, `database` opens SQLite. An import
contract and a test keep `subprocess`, `json`, `sqlite3` and every way of opening a file for
writing out of other modules.
"""
