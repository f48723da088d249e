package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"penstock/store/bolt"
)

const (
	// slowSync is where syncing the disk bounds what the appliance can do:
	// each payout waits for several, shared with those that come together.
	slowSync = 30 * time.Millisecond
	// syncRounds are measured; the middle one counts.
	syncRounds = 11
)

// lookDisk looks at the directories of the store, the keyring and the anchor.
func (d *doctor) lookDisk() {
	dirs := []string{}
	for _, p := range []Path{d.cfg.Store.Path, d.cfg.Store.KeysPath, d.cfg.Store.AnchorPath} {
		if dir := filepath.Dir(string(p)); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		var s syscall.Statfs_t
		if err := syscall.Statfs(dir, &s); err != nil {
			d.fault("disk", "make it, or set store.* to where the files are: penstock init DIR makes a new place", fmt.Errorf("directory %s: %w", dir, err))
			continue
		}
		d.judgeFilesystem(dir, int64(uint32(s.Type)))
		d.judgeRoom(dir, int64(s.Bavail)*s.Bsize)
	}
	d.lookSync(filepath.Dir(string(d.cfg.Store.Path)))
	d.lookSize()
}

// judgeFilesystem says whether a file system of this kind, by its number in
// statfs(2), keeps what it was given.
func (d *doctor) judgeFilesystem(dir string, magic int64) {
	names := map[int64]string{unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
		0x2fc12fc1: "zfs", unix.F2FS_SUPER_MAGIC: "f2fs", unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs"}
	name, known := names[magic]
	switch doubtful := bolt.Doubtful(magic); {
	case doubtful != "":
		d.problem("file system", "move the directory to a local disk and set store.path, store.keys_path and store.anchor_path to it",
			"%s is on %s, which may lose what it said was stored and lets two processes in", dir, doubtful)
	case name == "tmpfs" || name == "ramfs":
		state := findingWarning
		if d.live > 0 {
			state = findingProblem
		}
		d.note("file system", state, "move the directory to a disk", "%s is on %s: all of it is gone at the next boot", dir, name)
	case name == "overlay":
		d.warn("file system", "in a container, mount a volume at "+dir, "%s is on an overlay, which goes away with its container", dir)
	case !known:
		d.ok("file system", "%s is on a local one (kind 0x%x)", dir, magic)
	default:
		d.ok("file system", "%s is on %s", dir, name)
	}
}

// judgeRoom holds what is free against store.min_free, below which new
// payouts are refused.
func (d *doctor) judgeRoom(dir string, free int64) {
	least := d.cfg.Store.MinFree.Bytes()
	const mend = "make room, or a larger disk; store.min_free says how much is kept"
	switch {
	case free < least:
		d.problem("space", mend, "%s has %.0f MiB left, less than store.min_free (%s): new payouts are refused", dir, mebi(free), d.cfg.Store.MinFree)
	case free/4 < least:
		d.warn("space", mend, "%s has %.0f MiB left; below %s new payouts are refused", dir, mebi(free), d.cfg.Store.MinFree)
	default:
		d.ok("space", "%s has %.0f MiB left, store.min_free is %s", dir, mebi(free), d.cfg.Store.MinFree)
	}
}

// lookSync measures how long a small write takes to be on the disk.
func (d *doctor) lookSync(dir string) {
	took, err := measureSync(dir)
	if err != nil {
		d.fault("disk sync", "see to it that the daemon's user can write in "+dir, err)
		return
	}
	middle, worst := took[len(took)/2].Round(10*time.Microsecond), took[len(took)-1].Round(10*time.Microsecond)
	if middle > slowSync {
		d.warn("disk sync", "put the store on an SSD, or on one with power-loss protection; look at what else writes: iostat -x 1",
			"a write takes %s to be on the disk (worst of %d: %s), and every payout waits for some", middle, len(took), worst)
		return
	}
	d.ok("disk sync", "a write is on the disk in %s (worst of %d: %s)", middle, len(took), worst)
}

// measureSync writes blocks in place to a file of its own, syncs each, removes
// the file, and returns the times in rising order.
func measureSync(dir string) (took []time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 16<<10)
	for i := range syncRounds + 1 {
		block[0] = byte(i)
		from := time.Now()
		if _, err := f.WriteAt(block, 0); err != nil {
			return nil, err
		}
		if err := syncData(f); err != nil {
			return nil, fmt.Errorf("sync %s: %w", f.Name(), err)
		}
		if i > 0 { // the first one makes the file
			took = append(took, time.Since(from))
		}
	}
	slices.Sort(took)
	return took, nil
}

// lookSize holds the store's file against store.max_size.
func (d *doctor) lookSize() {
	info, err := os.Stat(string(d.cfg.Store.Path))
	if errors.Is(err, fs.ErrNotExist) {
		d.problem("store", "check store.path, bring a backup back (penstock restore), or make a new one: penstock init DIR", "there is no store at %s", d.cfg.Store.Path)
		return
	}
	if err != nil {
		d.fault("store", "check store.path", err)
		return
	}
	used, most := info.Size(), d.cfg.Store.MaxSize.Bytes()
	if d.status != nil {
		used -= d.status.Store.Free
	}
	if most-used < most/5 {
		d.warn("store", "set store.max_size higher and restart", "%.0f MiB of store.max_size (%s) are used; when it is full new payouts are refused", mebi(used), d.cfg.Store.MaxSize)
		return
	}
	d.ok("store", "%s has %.1f MiB, store.max_size is %s", d.cfg.Store.Path, mebi(info.Size()), d.cfg.Store.MaxSize)
}
