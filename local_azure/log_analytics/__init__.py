"""Log Analytics: the tables that logs are kept in, and the part of the Kusto query language that is played."""
