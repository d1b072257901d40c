"""What every played service stands on: requests, routes, state, time, errors."""
