"""Fields that administrators add to customers, contact persons, and later to products and contracts."""
