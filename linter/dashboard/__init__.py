"""A live cluster's findings in a browser, scanned again and again."""
