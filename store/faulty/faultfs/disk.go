//go:build linux

// Package faultfs is a disk that loses power: a file system in memory, mounted
// by FUSE, which knows what was written from what was synced. Real processes
// run on it; a cut forgets everything that they did not sync, and any single
// write, sync or change of size can be made to fail. It is for tests alone.
//
// It is stricter than common disks: a name is there after a cut only if its
// directory was synced since (POSIX promises no more; ext4 keeps a new file's
// name when the file itself is synced). Modes and owners are the exception,
// they are durable at once.
//
// Whoever serves a Disk must not touch its files by a memory map, or wait for
// a file of it while the garbage collector stops the world: the process would
// wait for itself. So the program under test is always another process.
package faultfs

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Op is a kind of operation that is counted and can be made to fail.
type Op uint8

const (
	Write  Op = iota // of data
	Sync             // fsync or fdatasync of a file, fsync of a directory
	Resize           // ftruncate
	Name             // create, remove, rename, mkdir
	ops
)

// Ops yields every kind.
func Ops() iter.Seq[Op] {
	return func(yield func(Op) bool) {
		for o := range ops {
			if !yield(o) {
				return
			}
		}
	}
}

func (o Op) String() string { return [...]string{"write", "sync", "resize", "name"}[o] }

// Options say what kind of disk it is.
type Options struct {
	// LieAboutSync makes every sync succeed and do nothing: the negative
	// control, under which a test that looks for loss has to find it.
	LieAboutSync bool
	// Survive is the chance in percent that a page, a length or a name that was
	// not synced outlives a cut all the same. Zero loses all of it, which is
	// what a full cache without a battery does; between, a disk that wrote some
	// of its cache in an order of its own.
	Survive int
	// Seed decides which do.
	Seed uint64
}

// Disk is a tree of files with two states each: what a reader sees, and what
// would be there after a cut. It is safe for concurrent use, and outlives its
// mounts.
type Disk struct {
	opt Options

	mu     sync.Mutex
	chance *rand.Rand
	nodes  map[uint64]*node
	last   uint64 // the newest node's number
	tick   uint64 // stands for the time of changes
	counts [ops]int
	all    int         // operations of all kinds
	cutAt  int         // the operation at which the power goes; 0 is never
	fail   map[key]bad // the operations that fail
	dark   bool        // the power is gone
	gone   chan struct{}
}

// key names the n-th operation of its kind.
type key struct {
	op Op
	n  int
}

// bad is how an operation fails: with what, and whether it took effect on the
// disk all the same.
type bad struct {
	errno syscall.Errno
	done  bool
}

// New makes an empty disk.
func New(opt Options) *Disk {
	d := &Disk{opt: opt, chance: rand.New(rand.NewPCG(opt.Seed, 1)), nodes: map[uint64]*node{}, fail: map[key]bad{}, gone: make(chan struct{})}
	d.newNode(syscall.S_IFDIR | 0o700) // the root, number 1
	return d
}

// Cut takes the power away: what was not synced is forgotten, and everything
// fails until Restore. A second cut changes nothing.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
}

func (d *Disk) cut() {
	if !d.dark {
		d.dark = true
		close(d.gone)
	}
}

// CutAfter cuts the power at the n-th operation of any kind from now on,
// before it takes effect.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = d.all + n
}

// Gone is closed by the cut. Restore makes a new one.
func (d *Disk) Gone() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gone
}

// Fail makes the n-th operation of its kind, counted from now on, fail with
// errno. done says whether it takes effect on the disk before it fails; when
// a sync fails without, what it should have synced is lost for good, though
// readers go on seeing it and a later sync succeeds, which is what Linux does.
func (d *Disk) Fail(op Op, n int, errno syscall.Errno, done bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail[key{op, d.counts[op] + n}] = bad{errno, done}
}

// Count is how many operations of that kind have been asked for.
func (d *Disk) Count(op Op) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts[op]
}

// begin counts an operation. It returns how it fails, if it does.
func (d *Disk) begin(op Op) (bad, bool) {
	d.counts[op]++
	d.all++
	if d.cutAt != 0 && d.all >= d.cutAt {
		d.cut()
	}
	if d.dark {
		return bad{errno: syscall.EIO}, true
	}
	b, ok := d.fail[key{op, d.counts[op]}]
	return b, ok
}

// Restore gives the power back: readers see what was durable. Faults that were
// ordered and have not come are forgotten. The disk must not be mounted.
func (d *Disk) Restore() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.nodes {
		n.lose(d.survives)
	}
	d.sweep()
	d.dark, d.cutAt, d.gone = false, 0, make(chan struct{})
	clear(d.fail)
}

func (d *Disk) survives() bool { return d.opt.Survive > 0 && d.chance.IntN(100) < d.opt.Survive }

// sweep forgets what no name leads to.
func (d *Disk) sweep() {
	kept := map[uint64]*node{}
	var walk func(*node)
	walk = func(n *node) {
		if kept[n.number] != nil {
			return
		}
		kept[n.number] = n
		for _, child := range n.names {
			walk(child)
		}
	}
	walk(d.nodes[1])
	d.nodes = kept
}

// Load takes the files below dir into the root, durably.
func (d *Disk) Load(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.load(d.nodes[1], dir); err != nil {
		return fmt.Errorf("load %s: %w", dir, err)
	}
	return nil
}

func (d *Disk) load(into *node, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, e.Name())
		n := d.newNode(uint32(info.Mode().Perm()))
		switch {
		case e.IsDir():
			n.mode |= syscall.S_IFDIR
			err = d.load(n, path)
		case info.Mode().IsRegular():
			n.mode |= syscall.S_IFREG
			var b []byte
			if b, err = os.ReadFile(path); err == nil {
				n.write(b, 0)
			}
		default:
			err = errors.New("neither a file nor a directory")
		}
		if err != nil {
			return err
		}
		n.sync()
		into.names[e.Name()] = n
	}
	into.sync()
	return nil
}

// Save writes what a reader sees to dir, which must be empty: after Restore
// that is what the cut has left.
func (d *Disk) Save(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := save(d.nodes[1], dir); err != nil {
		return fmt.Errorf("save to %s: %w", dir, err)
	}
	return nil
}

func save(n *node, dir string) error {
	for name, child := range maps.All(n.names) {
		path := filepath.Join(dir, name)
		var err error
		switch child.kind() {
		case syscall.S_IFDIR:
			if err = os.Mkdir(path, fs.FileMode(child.mode&0o777)); err == nil {
				err = save(child, path)
			}
		case syscall.S_IFREG:
			err = saveFile(child, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// saveFile leaves holes where nothing was written.
func saveFile(n *node, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(n.mode&0o777))
	if err != nil {
		return err
	}
	err = f.Truncate(n.size)
	for i := range n.pages {
		b := make([]byte, pageSize)
		_, wrote := f.WriteAt(b[:n.read(b, i*pageSize)], i*pageSize)
		err = errors.Join(err, wrote)
	}
	return errors.Join(err, f.Close())
}
