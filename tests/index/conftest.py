"""Property tests here take as long as a busy machine makes them take."""

from hypothesis import settings

settings.register_profile("index", deadline=None)
settings.load_profile("index")
