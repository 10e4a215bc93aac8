"""The offline front: files in, reports and fixes out."""
