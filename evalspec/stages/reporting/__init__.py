"""The parts of the mix report, one section a function."""
