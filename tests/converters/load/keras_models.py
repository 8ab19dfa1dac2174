"""Run with the Python of the TensorFlow environment: writes what the tests of Keras models read.

Arguments: the folder to write to, and the folder of real data or nothing. Every model comes with `NAME.npz`: inputs
`x` and what Keras itself answers, `y`.
"""

import os
import sys
from pathlib import Path

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

import keras
import numpy as np
import tf_keras

out, data = Path(sys.argv[1]), sys.argv[2:]
rng = np.random.default_rng(0)


def record(name, model, shape):
    x = rng.random((4, *shape), np.float32)
    np.savez(out / f"{name}.npz", x=x, y=np.asarray(model(x, training=False)))


layers = keras.layers
picture = keras.Sequential(
    [
        keras.Input((None, None, 3)),
        layers.Rescaling(1 / 127.5, -1.0),
        layers.Conv2D(8, 3, 2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(5, activation="softmax"),
    ]
)
picture.save(out / "open-size.keras")
picture.export(out / "open-size-saved", verbose=False)
record("open-size", picture, (32, 48, 3))

window = keras.Sequential([keras.Input((12,)), layers.Dense(6, activation="relu"), layers.Dense(12)])
code = keras.Sequential([keras.Input((12,)), layers.Lambda(lambda x: x * 2, name="doubling")])
code.save(out / "code.keras")
window.save_weights(out / "weights-alone.weights.h5")

if data:
    autoencoder = tf_keras.models.load_model(Path(data[0]) / "mlperf-tiny" / "ad01.h5", compile=False)
    record("ad01", autoencoder, (640,))
