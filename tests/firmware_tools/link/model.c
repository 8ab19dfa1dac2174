/* A firmware on the host: lepton_link.h and a main. Told by lines on its standard input, tells by lines on its output.
 *
 *   model -      in simulated time.   t TICK COUNT: it is then, and the encoder stands there; h HEX: these bytes came;
 *                p: a part is at the camera. Answers: s HEX: said; r 0 or 1: the reject pin; and one dot per line.
 *   model PORT   in real time, a tick a microsecond, its serial line at PORT, or fd:N.   p: a part; e COUNT: the encoder.
 *                Tells: p NUMBER TICK, r LEVEL TICK, l LAMP LIGHT, all in ticks of CLOCK_MONOTONIC; and a TICKS TICK
 *                where the host did not let it run for so long, until then: no microcontroller is away like that.
 *
 * Its storage holds eight values in memory; `key` secret.* may be written and not read. */
#define _POSIX_C_SOURCE 200809L

#include "lepton_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define KEYS 8
#define VALUE_MAX 2048
#define AWAY_TICKS 1000u

struct value {
    char key[17];
    uint16_t size;
    uint8_t bytes[VALUE_MAX];
};

static struct lepton_link line;
static struct value kept[KEYS], staged;
static int port = -1;

static void write_line(void *context, const uint8_t *bytes, uint8_t size)
{
    (void)context;
    if (port >= 0) {
        while (size) {
            ssize_t done = write(port, bytes, size);
            if (done < 0 && errno != EINTR && errno != EAGAIN) return;
            if (done > 0) bytes += done, size = (uint8_t)(size - done);
        }
        return;
    }
    printf("s ");
    for (uint8_t i = 0; i < size; i++) printf("%02x", bytes[i]);
    printf("\n");
}

static struct value *find(const char *key)
{
    for (int i = 0; i < KEYS; i++)
        if (kept[i].size && !strcmp(kept[i].key, key)) return &kept[i];
    return NULL;
}

static uint8_t put(const struct lepton_storage_put *piece)
{
    if (!piece->offset) {
        memset(&staged, 0, sizeof staged);
        strcpy(staged.key, piece->key);
    }
    if (strcmp(staged.key, piece->key) || piece->offset != staged.size) return LEPTON_REASON_OUT_OF_ORDER;
    if (staged.size + piece->value_size > VALUE_MAX) return LEPTON_REASON_FULL;
    if (piece->value_size) memcpy(staged.bytes + staged.size, piece->value, piece->value_size);
    staged.size = (uint16_t)(staged.size + piece->value_size);
    return 0;
}

static uint8_t commit(const struct lepton_storage_commit *order)
{
    struct value *slot = find(order->key);
    if (!order->size) {
        if (slot) memset(slot, 0, sizeof *slot);
        return 0;
    }
    if (strcmp(staged.key, order->key) || staged.size != order->size) return LEPTON_REASON_DAMAGED;
    if (lepton_crc16(staged.bytes, staged.size) != order->crc) return LEPTON_REASON_DAMAGED;
    for (int i = 0; !slot && i < KEYS; i++)
        if (!kept[i].size) slot = &kept[i];
    if (!slot) return LEPTON_REASON_FULL;
    *slot = staged;
    return 0;
}

static uint8_t get(const struct lepton_storage_get *asked)
{
    uint8_t frame[LEPTON_FRAME_MAX];
    const struct value *slot = find(asked->key);
    if (!slot) return LEPTON_REASON_NO_SUCH_KEY;
    if (!strncmp(asked->key, "secret.", 7)) return LEPTON_REASON_FORBIDDEN;
    if (asked->offset > slot->size) return LEPTON_REASON_BAD_VALUE;
    uint16_t left = (uint16_t)(slot->size - asked->offset);
    struct lepton_storage_value said = {{0}, asked->offset, slot->size, 0, slot->bytes + asked->offset};
    strcpy(said.key, slot->key);
    said.value_size = (uint8_t)(left < 44 ? left : 44);
    lepton_say(&line, frame, LEPTON_STORAGE_VALUE, lepton_put_storage_value(lepton_body(frame), &said));
    return 0;
}

static uint8_t handle(void *context, const struct lepton_frame *frame)
{
    union {
        struct lepton_lamp lamp;
        struct lepton_storage_put put;
        struct lepton_storage_commit commit;
        struct lepton_storage_get get;
    } heard;
    (void)context;
    switch (frame->message) {
    case LEPTON_LAMP:
        if (!lepton_get_lamp(frame->body, frame->size, &heard.lamp)) return LEPTON_REASON_BAD_VALUE;
        printf("l %u %u\n", heard.lamp.lamp, heard.lamp.light);
        return 0;
    case LEPTON_STORAGE_PUT:
        if (!lepton_get_storage_put(frame->body, frame->size, &heard.put)) return LEPTON_REASON_BAD_VALUE;
        return put(&heard.put);
    case LEPTON_STORAGE_COMMIT:
        if (!lepton_get_storage_commit(frame->body, frame->size, &heard.commit)) return LEPTON_REASON_BAD_VALUE;
        return commit(&heard.commit);
    case LEPTON_STORAGE_GET:
        if (!lepton_get_storage_get(frame->body, frame->size, &heard.get)) return LEPTON_REASON_BAD_VALUE;
        return get(&heard.get);
    default:
        return LEPTON_REASON_UNKNOWN_MESSAGE;
    }
}

static struct lepton_self self = {1000000u, "1.0.0", "model", write_line, handle, NULL};

static int simulate(void)
{
    char text[4096];
    uint32_t tick = 0, count = 0;
    int level = -1;
    lepton_start(&line, &self);
    printf(".\n");
    fflush(stdout);
    while (fgets(text, sizeof text, stdin)) {
        if (*text == 't' && sscanf(text, "t %u %u", &tick, &count) != 2) return 2;
        if (*text == 'p') lepton_part(&line, tick, count);
        for (unsigned byte, i = 2; *text == 'h' && sscanf(text + i, "%2x", &byte) == 1; i += 2)
            lepton_hear(&line, (uint8_t)byte, tick, count);
        int now = lepton_poll(&line, tick, count);
        if (now != level) printf("r %d\n", level = now);
        printf(".\n");
        fflush(stdout);
    }
    return 0;
}

static uint32_t clock_ticks(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

/* 0 when its standard input has ended. Half a line waits for its other half. */
static int obey(uint32_t *count)
{
    static char text[256];
    static size_t kept;
    ssize_t size = read(0, text + kept, sizeof text - 1 - kept);
    if (size <= 0) return size < 0 && errno == EAGAIN;
    text[kept += (size_t)size] = 0;
    char *at = text;
    for (char *end; (end = strchr(at, '\n')); at = end + 1) {
        if (*at == 'e') *count = (uint32_t)strtoul(at + 1, NULL, 10);
        if (*at == 'p') {
            uint32_t tick = clock_ticks();
            printf("p %u %u\n", lepton_part(&line, tick, *count), tick);
        }
    }
    kept -= (size_t)(at - text);
    memmove(text, at, kept);
    return 1;
}

static int run(const char *path)
{
    struct termios raw;
    uint32_t count = 0;
    int level = -1;
    port = strncmp(path, "fd:", 3) ? open(path, O_RDWR | O_NOCTTY) : atoi(path + 3);
    if (port >= 0) fcntl(port, F_SETFL, O_NONBLOCK);
    if (port < 0 || tcgetattr(port, &raw)) return perror(path), 2;
    raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
    raw.c_cflag |= CS8 | CREAD | CLOCAL;
    tcsetattr(port, TCSANOW, &raw);
    fcntl(0, F_SETFL, O_NONBLOCK);
    setvbuf(stdout, NULL, _IOLBF, 0);
    lepton_start(&line, &self);
    for (uint32_t before = clock_ticks();;) {
        struct pollfd waits[2] = {{0, POLLIN, 0}, {port, POLLIN, 0}};
        struct timespec step = {0, 200000};
        uint8_t bytes[256];
        if (poll(waits, 2, 0) > 0) {
            if (waits[0].revents && !obey(&count)) return 0;
            ssize_t size = waits[1].revents & POLLIN ? read(port, bytes, sizeof bytes) : 0;
            for (ssize_t i = 0; i < size; i++) lepton_hear(&line, bytes[i], clock_ticks(), count);
        } else {
            nanosleep(&step, NULL);
        }
        uint32_t tick = clock_ticks();
        int now = lepton_poll(&line, tick, count);
        if (now != level) printf("r %d %u\n", level = now, tick);
        if (tick - before > AWAY_TICKS) printf("a %u %u\n", tick - before, tick);
        before = tick;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) return fprintf(stderr, "wanted - or a port\n"), 2;
    return strcmp(argv[1], "-") ? run(argv[1]) : simulate();
}
