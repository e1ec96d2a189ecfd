"""People: added, changed, moved, disabled and let in again by administrators, each within the own reach and rights."""
