"""Notebooks to reports: parameters checked, run on a fixed version of the warehouse, one HTML file a page."""
