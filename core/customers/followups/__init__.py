"""What colleagues do with their customers: follow-up notes, the next contact, records of sales, reminders."""
