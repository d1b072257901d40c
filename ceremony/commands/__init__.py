"""The commands, a module each: its name, help texts and arguments, and what it does."""
