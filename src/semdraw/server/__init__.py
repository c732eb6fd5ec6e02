"""The page's server: application, socket, codec and guard."""
