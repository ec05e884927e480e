"""The worker: sessions and engines behind gRPC, watched over REST."""
