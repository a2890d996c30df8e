"""Files from NLM's server and from hubs, checked and resumed."""
