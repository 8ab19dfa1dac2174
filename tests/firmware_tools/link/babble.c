/* The loop that the header's head shows, on a line that never falls silent: a byte every 10 microseconds. After identify
 * and one heartbeat of 100 ms there is only noise. Ends with 0 when the pin was released and rejects again in time. */
#include "lepton_link.h"

#include <stdlib.h>

#define LATEST 101000u

static uint32_t now;
static uint8_t coming[2 * LEPTON_FRAME_MAX], coming_size, coming_at;

static int uart_has_byte(void)
{
    return 1;
}

static uint8_t uart_byte(void)
{
    now += 10;
    if (now > LATEST) exit(1);
    return coming_at < coming_size ? coming[coming_at++] : 0x55;
}

static uint32_t clock_ticks(void)
{
    return now;
}

static uint32_t encoder(void)
{
    return 0;
}

static int part_sensor_rose(void)
{
    return 0;
}

static void reject_pin(uint8_t level)
{
    static uint8_t is_released;
    if (is_released && level) exit(0);
    is_released |= !level;
}

static void nowhere(void *context, const uint8_t *bytes, uint8_t size)
{
    (void)context, (void)bytes, (void)size;
}

int main(void)
{
    static const struct lepton_self me = {1000000u, "1.0.0", "babble", nowhere, NULL, NULL};
    struct lepton_identify identify = {5};
    struct lepton_heartbeat beat = {1, 100};
    uint8_t size = lepton_put_identify(lepton_body(coming), &identify);
    coming_size = lepton_seal(coming, LEPTON_IDENTIFY, 0, size);
    size = lepton_put_heartbeat(lepton_body(coming + coming_size), &beat);
    coming_size = (uint8_t)(coming_size + lepton_seal(coming + coming_size, LEPTON_HEARTBEAT, 0, size));
#include "shown_loop.h"
}
