#!/bin/sh
# The first process of the virtual device: brings up its hardware, runs the tests that are shared with it, switches off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /dev/shm
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
exec >/dev/ttyS0 2>&1 </dev/null
ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add
modprobe 9pnet_virtio && mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 lab /lab || echo "lab: no shared folder"
for module in "vivid n_devs=1 node_types=0x1" snd-aloop xhci_pci ftdi_sio configfs; do
    modprobe $module || echo "lab: no module $module"
done
mount -t configfs config /sys/kernel/config 2>/dev/null
udevadm settle -t 20
echo "lab: $(uname -r), up $(cut -d' ' -f1 /proc/uptime) s, $(ls /dev | grep -E '^(video|ttyUSB|gpiochip)' | tr '\n' ' ')"
cd /lab/work
export LEPTON_DEVICE_LAB=1 PYTHONPATH=/lab/site:/opt/wheels PYTHONDONTWRITEBYTECODE=1
sh /lab/command
echo "lab: done $?"
sync
echo o > /proc/sysrq-trigger
sleep 10
