"""Short programs that run on teletensor and on PyTorch alike, and must end alike: in values, or in the error raised."""
