/* A stand-in for TensorFlow Lite Micro's header: see micro_interpreter.h beside it. */
#ifndef FAKE_SCHEMA_GENERATED_H
#define FAKE_SCHEMA_GENERATED_H

#define TFLITE_SCHEMA_VERSION 3

namespace tflite {
struct Model {
    unsigned version() const { return TFLITE_SCHEMA_VERSION; }
};
inline const Model *GetModel(const void *data) { return static_cast<const Model *>(data); }
}  // namespace tflite

#endif
