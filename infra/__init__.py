"""No business: settings, database, Redis, clock, ids, money, errors, outbox, batch, logs, metrics, images."""
