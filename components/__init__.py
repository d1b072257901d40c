"""Component resources: what the stack is made of. They wire; whatever talks HTTP lies further down."""
