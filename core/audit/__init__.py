"""The door to the audit log (infra.audit writes it): search, and the check of its chain."""
