"""Tests of the embedded VTN, over HTTP on a real port."""
