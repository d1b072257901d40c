"""The daemon: proxy, certificate authority, dispatcher, control."""
