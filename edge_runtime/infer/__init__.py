"""From a bundle to scores: `predictor.Predictor` is the public face, one backend per runtime stands behind it."""
