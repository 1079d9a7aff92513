"""What `make torture` runs in full and the test suite in small: each file is one suite, `suites.py` the registry."""
