//go:build linux

package faultfs

import (
	"maps"
	"syscall"
)

// pageSize is what is kept or lost as a whole. A real sector is smaller.
const pageSize = 4096

type page [pageSize]byte

// node is a file, a directory or a socket. Its fields without "disk" before
// them are what readers see.
type node struct {
	number uint64
	mode   uint32 // with the kind
	links  int    // names that lead to it, as readers see
	mtime  uint64

	pages     map[int64]*page // what is absent is zeros
	size      int64
	diskPages map[int64]*page
	diskSize  int64
	// dirty are the pages that differ from the disk's. One that is not dirty is
	// shared with the disk and must be copied before it is changed.
	dirty map[int64]bool

	names     map[string]*node
	diskNames map[string]*node
}

func (d *Disk) newNode(mode uint32) *node {
	d.last++
	n := &node{number: d.last, mode: mode, links: 1,
		pages: map[int64]*page{}, diskPages: map[int64]*page{}, dirty: map[int64]bool{},
		names: map[string]*node{}, diskNames: map[string]*node{}}
	d.nodes[n.number] = n
	return n
}

func (n *node) kind() uint32 { return n.mode & syscall.S_IFMT }

// own returns a page that may be changed.
func (n *node) own(i int64) *page {
	p := n.pages[i]
	switch {
	case p == nil:
		p = new(page)
	case !n.dirty[i]:
		p = new(*p)
	}
	n.pages[i], n.dirty[i] = p, true
	return p
}

func (n *node) write(b []byte, off int64) {
	for len(b) > 0 {
		i, at := off/pageSize, off%pageSize
		done := copy(n.own(i)[at:], b)
		b, off = b[done:], off+int64(done)
	}
	n.size = max(n.size, off)
}

// read fills b from off and returns how much there was.
func (n *node) read(b []byte, off int64) int {
	b = b[:max(0, min(int64(len(b)), n.size-off))]
	for done := 0; done < len(b); {
		i, at := (off+int64(done))/pageSize, (off+int64(done))%pageSize
		part := b[done:min(len(b), done+int(pageSize-at))]
		if p := n.pages[i]; p != nil {
			copy(part, p[at:])
		} else {
			clear(part)
		}
		done += len(part)
	}
	return len(b)
}

func (n *node) resize(size int64) {
	for i := range n.pages {
		if i*pageSize >= size {
			delete(n.pages, i)
			n.dirty[i] = true
		}
	}
	if at := size % pageSize; size <= n.size && at != 0 && n.pages[size/pageSize] != nil {
		clear(n.own(size / pageSize)[at:])
	}
	n.size = size
}

// sync makes what readers see durable.
func (n *node) sync() {
	for i := range n.dirty {
		n.keep(i)
	}
	clear(n.dirty)
	n.diskSize = n.size
	n.diskNames = maps.Clone(n.names)
}

func (n *node) keep(i int64) {
	if p := n.pages[i]; p != nil {
		n.diskPages[i] = p
	} else {
		delete(n.diskPages, i)
	}
}

// forsake is a sync that failed: readers go on seeing what the disk will never
// get, unless the same page is written again.
func (n *node) forsake() { clear(n.dirty) }

// lose is the cut: readers see what is durable, and of the rest what survives.
func (n *node) lose(survives func() bool) {
	for i := range n.dirty {
		if survives() {
			n.keep(i)
		}
	}
	if n.size != n.diskSize && survives() {
		n.diskSize = n.size
	}
	for name, child := range n.names {
		if n.diskNames[name] != child && survives() {
			n.diskNames[name] = child
		}
	}
	for name := range n.diskNames {
		if n.names[name] == nil && survives() {
			delete(n.diskNames, name)
		}
	}
	clear(n.dirty)
	n.size, n.pages, n.names = n.diskSize, maps.Clone(n.diskPages), maps.Clone(n.diskNames)
	n.resize(n.size) // pages beyond the end hold nothing, even if they survived
	n.sync()
}
