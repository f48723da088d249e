//go:build linux

package faultfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// NoSkip is the variable that turns the skip for want of FUSE into a failure:
// CI sets it, where FUSE is installed.
const NoSkip = "PENSTOCK_TEST_NO_SKIP"

// ErrNoFUSE says that this machine, or this user, can't mount by FUSE.
var ErrNoFUSE = errors.New("faultfs: FUSE can't be mounted here")

// Mount is a Disk that can be reached under a path.
type Mount struct {
	Path   string
	disk   *Disk
	server *fuse.Server
}

// Mount mounts the disk at dir, an empty directory. Its error is ErrNoFUSE
// where that is not possible. One mount at a time.
func (d *Disk) Mount(dir string) (*Mount, error) {
	m := &Mount{Path: dir, disk: d}
	return m, m.serve()
}

func (m *Mount) serve() (err error) {
	m.server, err = fuse.NewServer(&server{fuse.NewDefaultRawFileSystem(), m.disk}, m.Path, &fuse.MountOptions{
		Name: "faultfs", FsName: "faultfs", DirectMount: true, DisableXAttrs: true, DisableReadDirPlus: true,
		ExplicitDataCacheControl: true, // nobody but the kernel changes data
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoFUSE, err)
	}
	go m.server.Serve() // ends when the mount does; Unmount waits for it
	if err := errors.Join(keepFromChildren(), m.server.WaitMount()); err != nil {
		return errors.Join(fmt.Errorf("mount %s: %w", m.Path, err), m.Unmount())
	}
	return nil
}

// PowerOn unmounts, restores the disk and mounts it again: the machine after
// the cut. Nobody may hold a file any more.
func (m *Mount) PowerOn() error {
	if err := m.Unmount(); err != nil {
		return err
	}
	m.disk.Restore()
	return m.serve()
}

// keepFromChildren closes the device of FUSE in programs that this one starts:
// if one held it, its own files would hang instead of failing when this
// process dies.
func keepFromChildren() error {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range fds {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return err
		}
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && to == "/dev/fuse" {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// Unmount takes the mount away, also while somebody still holds a file: the
// file then fails.
func (m *Mount) Unmount() error {
	err := m.server.Unmount()
	if err == nil {
		return nil
	}
	m.disk.Cut() // so that those who hold a file let go
	if err := unix.Unmount(m.Path, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", m.Path, err)
	}
	return nil
}

// Need mounts the disk until the test ends, or skips it where that can't be
// done; with NoSkip it fails.
func Need(t testing.TB, d *Disk) *Mount {
	t.Helper()
	m, err := d.Mount(t.TempDir())
	switch {
	case errors.Is(err, ErrNoFUSE) && os.Getenv(NoSkip) == "":
		t.Skipf("needs FUSE: /dev/fuse, and root or Debian's package fuse3 (%v)", err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return m
}
