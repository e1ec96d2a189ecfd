"""What is known of a customer beyond WeChat: the record, its contact persons, its stage of life."""
