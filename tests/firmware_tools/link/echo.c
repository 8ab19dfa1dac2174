/* Reads frames from the port that it is given and says each that it understands again, taken apart and put together
 * by the header. `echo -` does so from standard input to standard output. */
#define _POSIX_C_SOURCE 200809L

#include "lepton_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static struct lepton_reader reader;

#define SAY(name, NAME)                                                        \
    case LEPTON_##NAME: {                                                      \
        struct lepton_##name heard;                                            \
        if (!lepton_get_##name(frame->body, frame->size, &heard)) return 0;    \
        memset(said, 0xA5, LEPTON_FRAME_MAX);                                  \
        return lepton_put_##name(lepton_body(said), &heard);                   \
    }

/* The body anew, in a frame of its own; 0 where the header does not understand it. */
static uint8_t again(const struct lepton_frame *frame, uint8_t *said)
{
    switch (frame->message) {
        SAY(identify, IDENTIFY)
        SAY(hello, HELLO)
        SAY(ack, ACK)
        SAY(nak, NAK)
        SAY(heartbeat, HEARTBEAT)
        SAY(state, STATE)
        SAY(trigger, TRIGGER)
        SAY(reject, REJECT)
        SAY(lamp, LAMP)
        SAY(samples, SAMPLES)
        SAY(log, LOG)
        SAY(storage_put, STORAGE_PUT)
        SAY(storage_commit, STORAGE_COMMIT)
        SAY(storage_get, STORAGE_GET)
        SAY(storage_value, STORAGE_VALUE)
    default:
        return 0;
    }
}

#ifdef FUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lepton_frame frame;
    uint8_t said[LEPTON_FRAME_MAX];
    memset(&reader, 0, sizeof reader);
    for (size_t i = 0; i < size; i++)
        if (lepton_read(&reader, data[i], &frame) == LEPTON_FOUND) again(&frame, said);
    return 0;
}
#else
static int write_all(int port, const uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t done = write(port, bytes, size);
        if (done < 0 && errno != EINTR) return 0;
        if (done > 0) bytes += done, size -= (size_t)done;
    }
    return 1;
}

int main(int argc, char **argv)
{
    uint8_t bytes[4096], said[LEPTON_FRAME_MAX];
    struct lepton_frame frame;
    struct termios raw;
    int in = argc == 2 && argv[1][0] != '-' ? open(argv[1], O_RDWR | O_NOCTTY) : 0;
    int out = in ? in : 1;
    if (in < 0) return perror(argv[1]), 2;
    if (in && !tcgetattr(in, &raw)) {
        raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
        tcsetattr(in, TCSANOW, &raw);
        write_all(out, (const uint8_t *)"", 1); /* ready */
    }
    for (ssize_t size; (size = read(in, bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < size; i++) {
            uint8_t body;
            if (lepton_read(&reader, bytes[i], &frame) != LEPTON_FOUND || !(body = again(&frame, said))) continue;
            if (!write_all(out, said, lepton_seal(said, frame.message, frame.sequence, body))) return 1;
        }
    return 0;
}
#endif
