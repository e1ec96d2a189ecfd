"""Visits, check-ins, photos, tracks and mileage, attendance, work reports. Empty so far."""
