"""An eval set that evalspec did not build to what can be said of it: pure, rows to findings, a page, numbers."""
