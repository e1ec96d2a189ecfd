"""Staff: who works here, in which store, with which role, and how they log in. Departments and posts come later."""
