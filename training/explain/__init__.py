"""Why a picture was judged as it was: where the score comes from, and which known parts look most alike."""
