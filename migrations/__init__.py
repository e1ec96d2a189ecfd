"""Built-in Tortoise migrations; partitioned tables and constraints of new models come by RunSQL."""
