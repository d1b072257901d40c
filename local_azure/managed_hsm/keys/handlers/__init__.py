"""One function an operation: ``HsmRequest`` to ``Response``. Who may call it is settled before, by the route."""
