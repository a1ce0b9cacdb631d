"""One module a feature: its handlers, the bodies that they take, and its rows of the route table."""
