/* A stand-in for TensorFlow Lite Micro's header, for a host that has the runtime as a Python package alone.
 *
 * The interpreter hands model, arena and input to `run.py` beside these headers, which runs them in the real runtime:
 * what compiles and passes here has been answered by its kernels and its allocator. TFLM_MODEL_BYTES is the model's
 * length, TFLM_RUN the command. */
#ifndef FAKE_MICRO_INTERPRETER_H
#define FAKE_MICRO_INTERPRETER_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

union TfLitePtrUnion {
    void *data;
    int8_t *int8;
};

struct TfLiteTensor {
    TfLitePtrUnion data;
    size_t bytes;
};

namespace tflite {

class MicroInterpreter {
   public:
    MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena, size_t arena_bytes)
        : model_(model), resolver_(resolver), arena_bytes_(arena_bytes) {
        (void)arena;
    }

    TfLiteStatus AllocateTensors() {
        Store("model.tflite", model_, TFLM_MODEL_BYTES);
        if (resolver_.registered() == 0 || !Run("allocate")) {
            return kTfLiteError;
        }
        std::FILE *sizes = std::fopen("sizes.txt", "r");
        unsigned long used = 0, bytes = 0;
        bool is_input = true;
        if (sizes == nullptr || std::fscanf(sizes, "%lu", &used) != 1) {
            return kTfLiteError;
        }
        used_ = used;
        while (std::fscanf(sizes, "%lu", &bytes) == 1) {
            if (is_input) {
                input_store_.resize(bytes);
                input_ = {{input_store_.data()}, bytes};
                is_input = false;
            } else {
                output_stores_.emplace_back(bytes);
            }
        }
        std::fclose(sizes);
        for (auto &store : output_stores_) {
            outputs_.push_back({{store.data()}, store.size()});
        }
        return kTfLiteOk;
    }

    TfLiteStatus Invoke() {
        Store("input.bin", input_store_.data(), input_store_.size());
        if (!Run("invoke")) {
            return kTfLiteError;
        }
        for (size_t at = 0; at < output_stores_.size(); ++at) {
            std::FILE *file = std::fopen(("output-" + std::to_string(at) + ".bin").c_str(), "rb");
            if (file == nullptr ||
                std::fread(output_stores_[at].data(), 1, output_stores_[at].size(), file) != output_stores_[at].size()) {
                return kTfLiteError;
            }
            std::fclose(file);
        }
        return kTfLiteOk;
    }

    TfLiteTensor *input(size_t at) { return at == 0 ? &input_ : nullptr; }
    TfLiteTensor *output(size_t at) { return at < outputs_.size() ? &outputs_[at] : nullptr; }
    size_t arena_used_bytes() const { return used_; }

   private:
    static void Store(const char *name, const void *data, size_t bytes) {
        std::FILE *file = std::fopen(name, "wb");
        if (file == nullptr || std::fwrite(data, 1, bytes, file) != bytes) {
            std::abort();
        }
        std::fclose(file);
    }

    bool Run(const char *what) {
        return std::system((std::string(TFLM_RUN) + " " + what + " " + std::to_string(arena_bytes_)).c_str()) == 0;
    }

    const Model *model_;
    const MicroOpResolver &resolver_;
    size_t arena_bytes_, used_ = 0;
    std::vector<uint8_t> input_store_;
    std::vector<std::vector<uint8_t>> output_stores_;
    TfLiteTensor input_ = {};
    std::vector<TfLiteTensor> outputs_;
};

}  // namespace tflite

#endif
