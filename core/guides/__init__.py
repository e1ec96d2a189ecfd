"""Store guides (导购): colleagues with a store, who bring fans with a code of their own."""
