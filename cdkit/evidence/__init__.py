"""Evidence: reports become facts about a subject, and facts are kept where a gate finds them."""
