"""What is asked of a lock once it is there: pure functions over locks, ledgers and specs."""
