package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"penstock/httpd/client"
	"penstock/store/faulty/faultfs"
)

// smallDisk is a mounted file system with little room.
type smallDisk struct {
	t    *testing.T
	path string
}

// diskRoom is how much there is on a small disk.
const diskRoom = 48 << 20

func newTmpfs(t *testing.T) smallDisk {
	t.Helper()
	dir := t.TempDir()
	mounted(t, unix.Mount("penstock-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", diskRoom)))
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return smallDisk{t, dir}
}

func newExt4(t *testing.T) smallDisk {
	t.Helper()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	err := os.WriteFile(image, nil, 0o600)
	if err := errors.Join(err, os.Truncate(image, diskRoom)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-m", "0", image}, {"mount", "-o", "loop", image, dir}} {
		out, err := bounded(t, args[0], args[1:]...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
		mounted(t, err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return smallDisk{t, dir}
}

// mounted skips a test that may not mount, or fails it where CI wants it run.
func mounted(t *testing.T, err error) {
	t.Helper()
	if err != nil && os.Getenv(faultfs.NoSkip) == "" {
		t.Skipf("needs root and mkfs.ext4 (Debian's e2fsprogs) for a small file system (%v)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fill writes a file beside the store until so much is left.
func (d smallDisk) fill(leave int64) {
	d.t.Helper()
	f, err := os.OpenFile(d.filler(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for size := int64(1 << 20); size >= 512; {
		if d.room()-size < leave {
			size /= 2
			continue
		}
		_, err := f.Write(make([]byte, size))
		if errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d smallDisk) filler() string { return filepath.Join(d.path, "filler") }

func (d smallDisk) room() int64 {
	var fs unix.Statfs_t
	if err := unix.Statfs(d.path, &fs); err != nil {
		d.t.Fatal(err)
	}
	return int64(fs.Bavail) * fs.Bsize
}

func (d smallDisk) empty() {
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
}

// TestFullDisk: the store's disk fills up under clients. Short of room new
// payouts get 503, and those accepted go on to their end; without any room the
// server stays, and nobody is sent money that is not written down; a restart
// waits for room with a clear word. When there is room again all goes on by
// itself, and nothing that was acknowledged is lost or paid twice.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]func(*testing.T) smallDisk{"tmpfs": newTmpfs, "ext4": newExt4} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "tmpfs" {
				t.Skip("one full disk is enough in short mode")
			}
			t.Parallel()
			fullDisk(t, disk(t))
		})
	}
}

func fullDisk(t *testing.T, disk smallDisk) {
	const rounds = 5
	place := newPlaceIn(t, filepath.Join(disk.path, "pay"))
	c := newCrash(t, place, rounds, badDay)
	c.env = append(c.env, "PENSTOCK_STORE_MIN_FREE=8MiB")
	c.serve()
	clients := c.clients()
	// under lets the clients begin a round and acts amid it.
	under := func(round int, what func()) {
		before := c.acks.Load()
		c.issue(round)
		waitFor(t, "payouts are acknowledged", func() bool { return c.acks.Load()-before >= int64(acksBeforeEnd()/3) })
		what()
	}
	refused := func() {
		t.Helper()
		before := c.refused.Load()
		waitFor(t, "new payouts are refused with 503", func() bool { return c.refused.Load()-before >= 2*crashClients })
	}

	under(0, func() { disk.fill(4 << 20) })
	waitFor(t, "the store notices", func() bool { return c.low() })
	atLow := c.acks.Load()
	c.issue(1)
	refused()
	ops, scope := operatorOf(t, place), client.Scope{Merchant: firstMerchant, Mode: "test"}
	waitLong(t, "those accepted have ended", func() bool { return c.readAll(ops, scope, map[string]client.Payout{}) == 0 })
	t.Logf("short of room: %d bytes left, %d acknowledged, %d after that", disk.room(), atLow, c.acks.Load()-atLow)
	disk.empty()
	waitFor(t, "the round's payouts are acknowledged", func() bool { return c.acks.Load() == 2*int64(ticketsARound()) })

	under(2, func() { disk.fill(0) })
	c.issue(3)
	refused()
	t.Logf("full: %d bytes left, %d acknowledged", disk.room(), c.acks.Load())
	if out, code := once(t, c.env, "payout", "list", "--config", place.Config, "--json"); code != ExitDone {
		t.Errorf("on a full disk payouts can't be read: exit code %d: %s", code, out)
	}
	disk.empty()
	waitFor(t, "the round's payouts are acknowledged", func() bool { return c.acks.Load() == 4*int64(ticketsARound()) })

	under(4, func() { disk.fill(0) })
	c.server.end(syscall.SIGKILL)
	c.startWithoutRoom()
	disk.empty()
	c.serve()
	close(c.tickets)
	c.finish(clients)
	c.judge(rounds)
}

// low asks whether the store is short of room.
func (c *crash) low() bool {
	resp, err := web.Get(*c.base.Load() + "/metrics")
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^penstock_store_low_space 1$`).Match(text)
}

// startWithoutRoom starts the server on a full disk: it serves, or it ends and
// says what it lacks.
func (c *crash) startWithoutRoom() {
	p := launch(c.t, c.env, "serve", "--config", c.place.Config)
	select {
	case <-p.ready:
		p.end(syscall.SIGKILL)
	case <-p.done:
		if !strings.Contains(p.text(), "no room") && !strings.Contains(p.text(), "no space") {
			c.t.Errorf("a start without room says %q, want what it lacks", p.text())
		}
		c.t.Logf("a start without room: %s", p.text())
	case <-time.After(patience):
		c.t.Fatalf("a start without room neither serves nor ends\n%s", p.text())
	}
}
