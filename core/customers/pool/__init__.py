"""Who looks after whom: the public pool, claims, assignment, transfer, automatic return, the trash."""
