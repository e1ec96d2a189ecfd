"""Our accounts on the platform: several official accounts and mini-programs, their secrets encrypted at rest."""
