"""Customers from tables and into tables: imports that resume, reports by row, exports that stream."""
