/* A stand-in for TensorFlow Lite Micro's header: see micro_interpreter.h beside it. */
#ifndef FAKE_MICRO_LOG_H
#define FAKE_MICRO_LOG_H

#include <cstdio>

#define MicroPrintf(...) (std::printf(__VA_ARGS__), std::putchar('\n'))

#endif
